/** Reads and writes fixed-width little-endian layouts. */
import { BytesError } from "./errors.js";

/** Takes fields off bytes, one after another. @throws {@link BytesError} past the end. */
export class ByteReader {
  #at = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  get at(): number {
    return this.#at;
  }
  get left(): number {
    return this.#bytes.length - this.#at;
  }
  #step(count: number): number {
    const at = this.#at;
    if (count > this.left) {
      throw new BytesError("too_short", `the bytes end ${count - this.left} bytes early`, "Ask for them again.");
    }
    this.#at = at + count;
    return at;
  }
  take(count: number): Uint8Array {
    const at = this.#step(count);
    return this.#bytes.slice(at, at + count);
  }
  u8(): number {
    return this.#view.getUint8(this.#step(1));
  }
  u16(): number {
    return this.#view.getUint16(this.#step(2), true);
  }
  u32(): number {
    return this.#view.getUint32(this.#step(4), true);
  }
  i32(): number {
    return this.#view.getInt32(this.#step(4), true);
  }
  u64(): bigint {
    return this.#view.getBigUint64(this.#step(8), true);
  }
  i64(): bigint {
    return this.#view.getBigInt64(this.#step(8), true);
  }
}

/** Writes fields one after another into a layout of fixed length. */
export class ByteWriter {
  #at = 0;
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  constructor(length: number) {
    this.bytes = new Uint8Array(length);
    this.#view = new DataView(this.bytes.buffer);
  }
  put(bytes: ArrayLike<number>): this {
    this.bytes.set(bytes, this.#at);
    this.#at += bytes.length;
    return this;
  }
  u8(value: number): this {
    this.#view.setUint8(this.#at, value);
    this.#at += 1;
    return this;
  }
  u16(value: number): this {
    this.#view.setUint16(this.#at, value, true);
    this.#at += 2;
    return this;
  }
  u32(value: number): this {
    this.#view.setUint32(this.#at, value, true);
    this.#at += 4;
    return this;
  }
  i32(value: number): this {
    this.#view.setInt32(this.#at, value, true);
    this.#at += 4;
    return this;
  }
  u64(value: bigint): this {
    this.#view.setBigUint64(this.#at, value, true);
    this.#at += 8;
    return this;
  }
  i64(value: bigint): this {
    this.#view.setBigInt64(this.#at, value, true);
    this.#at += 8;
    return this;
  }
}

/** Bytes in base64. */
export function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

/** Base64 as bytes. @throws {@link BytesError} */
export function fromBase64(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch (cause) {
    throw new BytesError("not_base64", "the text is not base64", "Ask for it again.", cause);
  }
}
