/** What cannot be generated, and what to do about it. */
export class GenerationFailed extends Error {
  override readonly name = "GenerationFailed";
}
