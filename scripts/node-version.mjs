// Plain JavaScript, since it has to run on a Node that cannot run the rest.
const OLDEST = 24;

if (Number(process.versions.node.split(".")[0]) < OLDEST) {
  console.error(
    `Commonweal runs on Node ${OLDEST} or newer, and this is Node ${process.versions.node}. ` +
      "`npx pnpm@12 install` brings a newer one for the project alone: run it again, with install scripts allowed.",
  );
  process.exit(1);
}
