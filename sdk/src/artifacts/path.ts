/** The one rule on names, the same as `crates/artifacts/src/path_rule.rs`. */
import { BytesError } from "../errors.js";
import { NAME_BYTES_MAX, type ArtifactLimits } from "./limits.js";

const NEXT = "Do not use this tree: its names are made to deceive or to escape.";

/** Zero-width, bidirectional, filler, variation and tag characters: they change what a reader sees without being seen. */
const INVISIBLE: readonly (readonly [number, number])[] = [
  [0x00ad, 0x00ad],
  [0x034f, 0x034f],
  [0x061c, 0x061c],
  [0x115f, 0x1160],
  [0x17b4, 0x17b5],
  [0x180b, 0x180f],
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x206f],
  [0x3164, 0x3164],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
  [0xffa0, 0xffa0],
  [0xfff0, 0xfffb],
  [0x1bca0, 0x1bca3],
  [0x1d173, 0x1d17a],
  [0xe0000, 0xe0fff],
];

/** Whether a character is one that a reader does not see, or that reorders what is seen. */
export function isInvisible(codePoint: number): boolean {
  return INVISIBLE.some(([first, last]) => codePoint >= first && codePoint <= last);
}

const isControl = (codePoint: number): boolean => codePoint < 0x20 || (codePoint >= 0x7f && codePoint <= 0x9f);
const encoder = /* @__PURE__ */ new TextEncoder();

/** Checks a relative path with `/` between its names. @throws {@link BytesError} with the rule it breaks. */
export function checkPath(path: string, limits: ArtifactLimits): void {
  const wrong = (rule: string, why: string): never => {
    throw new BytesError(`path_${rule}`, `${JSON.stringify(path.slice(0, 200))}: ${why}`, NEXT);
  };
  if (path === "") wrong("empty", "the path is empty");
  const length = encoder.encode(path).length;
  if (length > limits.maxPathBytes) wrong("too_long", `${length} bytes, the limit is ${limits.maxPathBytes}`);
  if (path.startsWith("/")) wrong("absolute", "the path is absolute");
  for (const character of path) {
    const codePoint = character.codePointAt(0) ?? 0;
    if (isControl(codePoint)) wrong("control_character", `the control character U+${codePoint.toString(16)}`);
    if (isInvisible(codePoint)) wrong("invisible_character", `the invisible character U+${codePoint.toString(16)}`);
    if (codePoint >= 0xd800 && codePoint <= 0xdfff) wrong("not_utf8", "half of a surrogate pair");
    if (character === "\\") wrong("backslash", "a backslash");
  }
  const names = path.split("/");
  for (const name of names) {
    if (name === "") wrong("empty_component", "an empty name");
    if (name === "." || name === "..") wrong("dot_component", `the name ${name}`);
    const bytes = encoder.encode(name).length;
    if (bytes > NAME_BYTES_MAX) wrong("name_too_long", `a name of ${bytes} bytes, the limit is ${NAME_BYTES_MAX}`);
  }
  if (names.length > limits.maxDepth) wrong("too_deep", `${names.length} levels, the limit is ${limits.maxDepth}`);
}

/** The form in which two names are equal that some file system would take for one: upper case, then lower, letter by letter. */
export function caseFolded(path: string): string {
  let folded = "";
  for (const character of path) for (const upper of character.toUpperCase()) folded += upper.toLowerCase();
  return folded;
}
