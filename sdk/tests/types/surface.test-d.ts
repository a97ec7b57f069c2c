/** What the compiler promises to callers. */
import { expectTypeOf, test } from "vitest";
import {
  coSignUsage,
  completeJobDocument,
  compose,
  derive,
  formatTokens,
  jobAddress,
  mintAddress,
  ProgramError,
  Proofmill,
  type ArrayAddress,
  type JobAddress,
  type JobDocument,
  type JobRecord,
  type JobView,
  type MarketErrorName,
  type MintAddress,
  type OfferRecord,
  type ProviderAddress,
  type SignedUsage,
  type UsageOffer,
} from "../../src/index.js";

test("an address of one kind never passes for another", () => {
  expectTypeOf<JobAddress>().not.toExtend<MintAddress>();
  expectTypeOf<string>().not.toExtend<JobAddress>();
  expectTypeOf(jobAddress).returns.toEqualTypeOf<JobAddress>();
  expectTypeOf(derive.provider).returns.resolves.toEqualTypeOf<ProviderAddress>();
  // @ts-expect-error a mint is no job
  const wrong = (): Promise<unknown> => derive.vault(mintAddress(""));
  expectTypeOf(wrong).toBeFunction();
  // @ts-expect-error a text is no offer
  const take: compose.Take = { offer: "x", provider: "y" as ProviderAddress, owner: mintAddress("") };
  expectTypeOf(take).toEqualTypeOf<compose.Take>();
});

test("an array is no job, and a usage that is not signed by both is none to send", () => {
  expectTypeOf<ArrayAddress>().not.toExtend<JobAddress>();
  expectTypeOf(compose.takeTask).returns.resolves.toEqualTypeOf<compose.Composed<JobAddress>>();
  expectTypeOf(compose.postArray).returns.resolves.toEqualTypeOf<compose.Composed<ArrayAddress>>();
  expectTypeOf(coSignUsage).returns.resolves.toEqualTypeOf<SignedUsage>();
  expectTypeOf<Parameters<typeof compose.reportUsage>[1]>().toEqualTypeOf<SignedUsage>();
  expectTypeOf<UsageOffer>().not.toExtend<SignedUsage>();
});

test("amounts are bigint everywhere", () => {
  expectTypeOf<JobRecord["escrowed"]>().toEqualTypeOf<bigint>();
  expectTypeOf<OfferRecord["price_per_second"]>().toEqualTypeOf<bigint>();
  expectTypeOf<JobView["job"]["paid"]>().toEqualTypeOf<bigint>();
  // @ts-expect-error a number loses digits
  formatTokens(1, 6);
});

test("words are unions and not texts", () => {
  expectTypeOf<JobRecord["state"]>().toEqualTypeOf<
    "open" | "matched" | "running" | "submitted" | "settled" | "paused" | "ending"
  >();
  expectTypeOf<"NotTenant">().toExtend<MarketErrorName>();
  expectTypeOf<"NoSuchError">().not.toExtend<MarketErrorName>();
  expectTypeOf<ProgramError["number"]>().toEqualTypeOf<number>();
});

test("a document may leave out what has a default, and a complete one has everything", () => {
  expectTypeOf(completeJobDocument).returns.toEqualTypeOf<JobDocument>();
  expectTypeOf<JobDocument["resources"]["pids"]>().toEqualTypeOf<number>();
  const draft = {
    version: 1,
    name: "a",
    image: "",
    resources: { cpus_milli: 1, memory_mib: 1 },
    max_seconds: 1,
  } as const;
  expectTypeOf(completeJobDocument).toBeCallableWith(draft);
  // @ts-expect-error an unknown field
  const wrong = (): JobDocument => completeJobDocument({ ...draft, gpus: 1 });
  expectTypeOf(wrong).toBeFunction();
});

test("nothing of the surface is any", () => {
  expectTypeOf<Proofmill>().not.toBeAny();
  expectTypeOf<Awaited<ReturnType<Proofmill["result"]>>>().not.toBeAny();
});
