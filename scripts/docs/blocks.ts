/** A fenced block of a page, or one that is hidden in a comment for the sake of those that readers see. */
export interface Block {
  /** What stands after the fence; "ts" for a hidden one. */
  language: string;
  code: string;
  /** The number of its first line in the page, from 1. */
  line: number;
  hidden: boolean;
  /** Why it is not run, if it says so. */
  skip?: string;
}

/** Whether a block in this language is run as part of the page's module. */
export const isCode = (language: string): boolean => language === "ts" || language === "js";

/** Thrown when a page's blocks cannot be told apart, or one says what it may not. */
export class BlockMalformed extends Error {
  override readonly name = "BlockMalformed";
}

const LANGUAGES = new Set(["ts", "js", "sh", "json", "jsonc", "yaml", "html", "text"]);
/** The one reason there is for a block not to be run. */
const SKIP_REASON = "public network";

const FENCE = /^ {0,3}(`{3,})\s*(.*)$/;
const HIDDEN = /^<!-- setup$/;
const SKIP = /^<!-- skip: (.+) -->$/;

/**
 * Returns the blocks of a page in Markdown, in order.
 *
 * A fence names its language. `<!-- setup`, on a line of its own, begins code that readers do not see, up to a line `-->`.
 * `<!-- skip: reason -->` above a block keeps it from being run.
 *
 * @param page Its name, for messages.
 * @throws {BlockMalformed} when a fence is not closed, has no known language, or is skipped without need.
 */
export function blocksOf(page: string, markdown: string): Block[] {
  const lines = markdown.split("\n");
  const blocks: Block[] = [];
  let skip: string | undefined;

  for (let i = 0; i < lines.length; i++) {
    const text = lines[i];
    const fail = (message: string) => new BlockMalformed(`${page}:${i + 1}: ${message}`);
    const fence = FENCE.exec(text);
    const hidden = HIDDEN.test(text);
    if (fence === null && !hidden) {
      // A blank line may stand between the reason and its block.
      if (text.trim() !== "") skip = SKIP.exec(text)?.[1];
      continue;
    }

    const closing = hidden ? "-->" : fence?.[1];
    const end = lines.findIndex((line, at) => at > i && line.trim() === closing);
    if (end === -1) throw fail(`close the block with a line ${closing}.`);
    const language = hidden ? "ts" : (fence?.[2] ?? "");
    if (!LANGUAGES.has(language))
      throw fail(`name the block's language, one of ${[...LANGUAGES].join(", ")}; "${language}" is not one.`);
    if (skip !== undefined && !skip.includes(SKIP_REASON))
      throw fail(`run the block: only one that needs a ${SKIP_REASON} may be skipped, and "${skip}" names none.`);

    blocks.push({ language, code: lines.slice(i + 1, end).join("\n"), line: i + 2, hidden, ...(skip && { skip }) });
    skip = undefined;
    i = end;
  }

  return blocks;
}
