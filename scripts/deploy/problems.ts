/** Thrown when a deployment cannot begin or go on; the message says what to do. Whatever was deployed is left as it is. */
export class CannotDeploy extends Error {
  override readonly name = "CannotDeploy";
}
