// Writes src/generated/{market,arbiter} from ../idl/*.json.
//
//   npm run generate              writes the folder
//   npm run generate -- --check   fails if the folder is not what the IDL gives
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, posix, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { rootNodeFromAnchor } from "@codama/nodes-from-anchor";
import { renderVisitor } from "@codama/renderers-js";
import { visit } from "@codama/visitors-core";
import openapiTypes, { astToString } from "openapi-typescript";
import { format } from "prettier";

const SDK = dirname(dirname(fileURLToPath(import.meta.url)));
const GENERATED = join(SDK, "src", "generated");
const PROGRAMS = ["market", "arbiter"];

const pascal = (name) => name.replace(/(^|_)([a-z0-9])/g, (_, __, letter) => letter.toUpperCase());
const isAddress = (text) => /^[1-9A-HJ-NP-Za-km-z]{32,44}$/.test(text);

/** Every type name that a field's type mentions. */
function* mentioned(type) {
  if (type === null || typeof type !== "object") return;
  if (type.defined !== undefined) yield type.defined.name;
  for (const value of Object.values(type)) {
    if (Array.isArray(value)) for (const item of value) yield* mentioned(item);
    else yield* mentioned(value);
  }
}

/** What Codama reads: without what it cannot read, or drops although this client needs it. */
function prepared(idl, foreign) {
  const copy = structuredClone(idl);
  for (const instruction of copy.instructions) {
    for (const account of instruction.accounts) {
      // "config.treasury" is a rule of the program, and no address.
      if (account.address !== undefined && !isAddress(account.address)) delete account.address;
    }
  }
  // Accounts of the other program that this one reads are generated there.
  copy.accounts = copy.accounts.filter((account) => !foreign.has(account.name));
  // Types that only events use would be dropped: told of no events, Codama keeps them as plain types.
  copy.events = [];
  const kept = new Set([
    ...copy.accounts.map((account) => account.name),
    ...idl.events.map((event) => event.name),
    ...copy.instructions.flatMap((instruction) => instruction.args.flatMap((arg) => [...mentioned(arg.type)])),
  ]);
  const byName = new Map(copy.types.map((type) => [type.name, type]));
  for (const name of kept) for (const inner of mentioned(byName.get(name)?.type)) kept.add(inner);
  copy.types = copy.types.filter((type) => kept.has(type.name));
  return copy;
}

/** The events of a program: Codama renders none. */
function eventsFile(idl, program) {
  const title = pascal(program);
  const names = idl.events.map((event) => event.name).sort();
  const imports = names.map((name) => `get${name}Decoder, type ${name}`).join(", ");
  const union = names.map((name) => `{ name: "${name}"; data: ${name} }`).join(" | ");
  const rows = [...idl.events]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(
      (event) => `{ name: "${event.name}", discriminator: [${event.discriminator}], decoder: get${event.name}Decoder }`,
    )
    .join(",\n");
  return `/** Every event of the ${program} program. An event is its eight-byte name and its fields in Borsh. */
import { ${imports} } from "./types/index.js";
import type { ReadonlyUint8Array } from "@solana/kit";

export type ${title}Event = ${union};

const TABLE: readonly { name: string; discriminator: readonly number[]; decoder: () => { decode(bytes: ReadonlyUint8Array): unknown } }[] = [${rows}];

/** The names of all events, sorted. */
export const ${program.toUpperCase()}_EVENT_NAMES = [${names.map((name) => `"${name}"`).join(", ")}] as const;

/** The event in these bytes, or undefined if they are none that this client knows. */
export function decode${title}Event(bytes: ReadonlyUint8Array): ${title}Event | undefined {
  const row = TABLE.find(({ discriminator }) => discriminator.every((byte, at) => bytes[at] === byte));
  if (row === undefined) return undefined;
  return { name: row.name, data: row.decoder().decode(bytes.slice(8)) } as ${title}Event;
}
`;
}

/** What the instructions say of themselves: for screens that show a transaction in words. */
function interfaceFile(idl, program) {
  const constant = `${program.toUpperCase()}_INSTRUCTIONS`;
  const rows = idl.instructions.map((instruction) => ({
    name: instruction.name,
    discriminator: instruction.discriminator,
    doc: (instruction.docs ?? []).join(" "),
    accounts: instruction.accounts.map((account) => ({
      name: account.name,
      writable: account.writable === true,
      signer: account.signer === true,
      optional: account.optional === true,
    })),
    args: instruction.args.map((arg) => arg.name),
  }));
  const errors = idl.errors.map(({ code, name, msg }) => ({
    code,
    name,
    message: msg ?? name,
  }));
  return `/** Names, words and accounts of every instruction, and every error, as the IDL gives them. */
export type InstructionInterface = {
  readonly name: string;
  readonly discriminator: readonly number[];
  /** What it does, in the program's own words. */
  readonly doc: string;
  readonly accounts: readonly { readonly name: string; readonly writable: boolean; readonly signer: boolean; readonly optional: boolean }[];
  readonly args: readonly string[];
};
export type ErrorInterface = { readonly code: number; readonly name: string; readonly message: string };

export const ${constant}: readonly InstructionInterface[] = ${JSON.stringify(rows)};

export const ${program.toUpperCase()}_ERRORS = ${JSON.stringify(errors)} as const satisfies readonly ErrorInterface[];
`;
}

const SIZES = { bool: 1, u8: 1, i8: 1, u16: 2, i16: 2, u32: 4, i32: 4, u64: 8, i64: 8, u128: 16, i128: 16, pubkey: 32 };

/** Bytes of a type of fixed size; undefined for the others. */
function sizeOf(type) {
  if (typeof type === "string") return SIZES[type];
  if (type.array !== undefined) {
    const each = sizeOf(type.array[0]);
    return each === undefined ? undefined : each * type.array[1];
  }
  return undefined;
}

/** Where the fields of each account lie: for filters over a program's accounts. */
function layoutFile(idl) {
  const types = new Map(idl.types.map((type) => [type.name, type]));
  const constants = idl.accounts.map(({ name }) => {
    let at = 8;
    const offsets = [];
    for (const field of types.get(name).type.fields) {
      if (at === undefined) break;
      offsets.push(`${field.name}: ${at}`);
      const size = sizeOf(field.type);
      at = size === undefined ? undefined : at + size;
    }
    const upper = name.replace(/(?<!^)([A-Z])/g, "_$1").toUpperCase();
    return `/** Of \`${name}\`. */\nexport const ${upper}_OFFSETS = { ${offsets.join(", ")} } as const;`;
  });
  return `/** Offsets of the fields of each account, discriminator included. */\n\n${constants.join("\n")}\n`;
}

const SCHEMA = ["crates", "jobspec", "schema", "job.schema.json"];

/** The type that a schema describes, in TypeScript; `complete` when defaults have been filled in. */
function schemaType(schema, complete) {
  const doc = (text) => (text === undefined ? "" : `/** ${text.replaceAll("*/", "* /").replace(/\s+/g, " ")} */\n`);
  if (schema.$ref !== undefined) return `${schema.$ref.split("/").pop()}${complete ? "" : "Draft"}`;
  const options = schema.oneOf ?? schema.anyOf;
  if (options !== undefined) return options.map((option) => schemaType(option, complete)).join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const kinds = [schema.type].flat();
  if (kinds.length > 1) return kinds.map((type) => schemaType({ ...schema, type }, complete)).join(" | ");
  switch (schema.type) {
    case "null":
      return "null";
    case "string":
      return "string";
    case "boolean":
      return "boolean";
    case "integer":
      return "number";
    case "array":
      return `readonly (${schemaType(schema.items, complete)})[]`;
    case "object": {
      if (schema.properties === undefined) {
        return `Readonly<Record<string, ${schemaType(schema.additionalProperties, complete)}>>`;
      }
      const required = new Set(schema.required ?? []);
      const rows = Object.entries(schema.properties).map(
        ([name, field]) =>
          `${doc(field.description)}readonly ${name}${complete || required.has(name) ? "" : "?"}: ${schemaType(field, complete)};`,
      );
      return `{\n${rows.join("\n")}\n}`;
    }
    default:
      throw new Error(`a schema of type ${schema.type}`);
  }
}

/** The job document: its schema, and the types that follow from it. */
function jobDocumentFile(schema) {
  const named = [...Object.entries(schema.$defs), ["JobDocument", schema]];
  const types = named.flatMap(([name, def]) => [
    `export type ${name} = ${schemaType(def, true)};`,
    `export type ${name}Draft = ${schemaType(def, false)};`,
  ]);
  const shortened = JSON.stringify(schema, (key, value) =>
    key === "description" || key === "format" || key === "title" || key === "$id" || key === "$schema"
      ? undefined
      : value,
  );
  return `/** The job document, from crates/jobspec/schema/job.schema.json. \`…Draft\` leaves out what has a default. */

${types.join("\n\n")}

/** The schema, without its words. */
export const JOB_SCHEMA: unknown = ${shortened};
`;
}

async function files(folder) {
  const entries = await readdir(folder, {
    recursive: true,
    withFileTypes: true,
  }).catch(() => []);
  const found = new Map();
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const at = join(entry.parentPath ?? entry.path, entry.name);
    found.set(relative(folder, at).split("\\").join("/"), await readFile(at, "utf8"));
  }
  return found;
}

/** Codama leaves out the extensions that Node's module loader wants. */
function withExtensions(path, source, all) {
  return source.replace(/(from\s+['"])(\.[^'"]*)(['"])/g, (whole, before, to, after) => {
    if (to.endsWith(".js")) return whole;
    const at = posix.normalize(posix.join(posix.dirname(path), to));
    if (all.has(`${at}.ts`)) return `${before}${to}.js${after}`;
    const index = posix.normalize(`${at}/index.ts`);
    if (!all.has(index)) throw new Error(`${path} imports ${to}, which was not generated`);
    return `${before}${to.replace(/\/$/, "")}/index.js${after}`;
  });
}

/** A page without a bundler has no `process`; messages that nobody asks for are dropped by their purity instead. */
function withoutProcess(source) {
  return source
    .replace(
      /let (\w+ErrorMessages): ([^;]+) \| undefined;\s*if \(process\.env\[['"]NODE_ENV['"]\] !== ['"]production['"]\) \{\s*\1 = (\{[\s\S]*?\n?\s*\});?\s*\}\s*(?=export)/g,
      "const $1: $2 = /* @__PURE__ */ (() => ($3))();\n\n",
    )
    .replace(
      /if \(process\.env\[['"]NODE_ENV['"]\] !== ['"]production['"]\) \{\s*(return [^;]+;)\s*\}\s*return ['"][^'"]*['"];/g,
      "$1",
    );
}

async function render(into) {
  let foreign = new Set();
  for (const program of PROGRAMS) {
    const idl = JSON.parse(await readFile(join(SDK, "..", "idl", `${program}.json`), "utf8"));
    const root = rootNodeFromAnchor(prepared(idl, foreign));
    const scratch = join(into, program);
    await visit(
      root,
      renderVisitor(scratch, {
        generatedFolder: ".",
        syncPackageJson: false,
        formatCode: false,
        // By default the input of the account `Config` is named like the type `ConfigArgs`.
        nameTransformers: {
          dataArgsType: (name) => `${pascal(name.replace(/^[a-z]/, (l) => l.toUpperCase()))}Input`,
        },
      }),
    );
    const previous = foreign;
    foreign = new Set(idl.accounts.map((account) => account.name));
    await writeFile(join(scratch, "events.ts"), eventsFile(idl, program));
    await writeFile(join(scratch, "interface.ts"), interfaceFile(idl, program));
    await writeFile(join(scratch, "layout.ts"), layoutFile(prepared(idl, previous)));
    const index = await readFile(join(scratch, "index.ts"), "utf8");
    await writeFile(
      join(scratch, "index.ts"),
      `${index}\nexport * from './events';\nexport * from './interface';\nexport * from './layout';\n`,
    );
  }
  const schema = JSON.parse(await readFile(join(SDK, "..", ...SCHEMA), "utf8"));
  await mkdir(join(into, "jobspec"));
  await writeFile(join(into, "jobspec", "document.ts"), jobDocumentFile(schema));
  const openapi = JSON.parse(await readFile(join(SDK, "..", "gateway", "openapi.json"), "utf8"));
  await mkdir(join(into, "gateway"));
  const types = astToString(await openapiTypes(openapi, { immutable: true, alphabetize: true }));
  await writeFile(
    join(into, "gateway", "openapi.ts"),
    `/** The gateway's own description of its answers, from gateway/openapi.json. Types only: the readers check at run time. */\n\n${types}`,
  );
  const raw = await files(into);
  const done = new Map();
  for (const [path, source] of raw) {
    if (!path.endsWith(".ts")) continue;
    const fixed = withoutProcess(withExtensions(path, source, raw))
      // The one line that does not type-check against the current kit.
      .replaceAll(
        "return extendClient(client, {",
        "return (extendClient as (a: unknown, b: unknown) => any)(client, {",
      );
    done.set(path, await format(fixed, { parser: "typescript", printWidth: 100 }));
  }
  return done;
}

const scratch = await mkdtemp(join(tmpdir(), "proofmill-generate-"));
try {
  const wanted = await render(scratch);
  if (process.argv.includes("--check")) {
    const found = await files(GENERATED);
    const paths = [...new Set([...wanted.keys(), ...found.keys()])].sort();
    const drifted = paths.filter((path) => wanted.get(path) !== found.get(path));
    if (drifted.length > 0) {
      console.error(
        `src/generated is not what idl/, crates/jobspec/schema/ and gateway/openapi.json give (${drifted.length} files, first ${drifted[0]}).`,
      );
      console.error("Run `npm run generate` in sdk/ and commit the result.");
      process.exitCode = 1;
    } else console.log(`src/generated: ${wanted.size} files, none differs`);
  } else {
    await rm(GENERATED, { recursive: true, force: true });
    for (const [path, source] of wanted) {
      await mkdir(join(GENERATED, dirname(path)), { recursive: true });
      await writeFile(join(GENERATED, path), source);
    }
    console.log(`src/generated: ${wanted.size} files`);
  }
} finally {
  await rm(scratch, { recursive: true, force: true });
}
