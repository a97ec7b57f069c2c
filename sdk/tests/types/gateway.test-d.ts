/** The readers of the gateway's answers have the fields of its OpenAPI document, no more and no fewer. */
import { expectTypeOf, test } from "vitest";
import type * as records from "../../src/gateway/records.js";
import type { components, paths } from "../../src/generated/gateway/openapi.js";

type Schemas = components["schemas"];

test("every record has exactly the documented fields", () => {
  expectTypeOf<keyof records.NetworkRecord>().toEqualTypeOf<keyof Schemas["Network"]>();
  expectTypeOf<keyof records.StakeRecord>().toEqualTypeOf<keyof Schemas["Stake"]>();
  expectTypeOf<keyof records.ProviderRecord>().toEqualTypeOf<keyof Schemas["Provider"]>();
  expectTypeOf<keyof records.OfferRecord>().toEqualTypeOf<keyof Schemas["Offer"]>();
  expectTypeOf<keyof records.JobRecord>().toEqualTypeOf<keyof Schemas["Job"]>();
  expectTypeOf<keyof records.EventRecord>().toEqualTypeOf<keyof Schemas["Event"]>();
  expectTypeOf<keyof records.BidRecord>().toEqualTypeOf<keyof Schemas["Bid"]>();
  expectTypeOf<keyof records.RoundRecord>().toEqualTypeOf<keyof Schemas["Round"]>();
  expectTypeOf<keyof records.ValidatorRecord>().toEqualTypeOf<keyof Schemas["Validator"]>();
  expectTypeOf<keyof records.EpochRecord>().toEqualTypeOf<keyof Schemas["Epoch"]>();
  expectTypeOf<keyof records.CaseRecord>().toEqualTypeOf<keyof Schemas["Case"]>();
  expectTypeOf<keyof records.RewardPoolRecord>().toEqualTypeOf<keyof Schemas["RewardPool"]>();
  expectTypeOf<keyof records.MatchRecord>().toEqualTypeOf<keyof Schemas["Explanation"]>();
  expectTypeOf<keyof records.MatchRecord["estimate"]>().toEqualTypeOf<keyof Schemas["Estimate"]>();
  expectTypeOf<keyof records.PricePercentiles>().toEqualTypeOf<keyof Schemas["Prices"]>();
  expectTypeOf<keyof records.PriceHistory[number]>().toEqualTypeOf<keyof Schemas["Bucket"]>();
  expectTypeOf<keyof records.DeliveryRecord>().toEqualTypeOf<keyof Schemas["Delivery"]>();
  expectTypeOf<keyof records.ReceiptRecord>().toEqualTypeOf<keyof Schemas["Receipt"]>();
  expectTypeOf<keyof records.SessionRecord>().toEqualTypeOf<keyof Schemas["OpenedSession"]>();
  expectTypeOf<keyof records.KeyRecord>().toEqualTypeOf<keyof Schemas["ListedKey"]>();
  expectTypeOf<keyof records.AuditRecord>().toEqualTypeOf<keyof Schemas["AuditLine"]>();
  expectTypeOf<keyof records.FaucetRecord>().toEqualTypeOf<keyof Schemas["Given"]>();
  expectTypeOf<keyof records.ConfigRecord>().toEqualTypeOf<keyof Schemas["Parameters"]>();
});

test("every path that the client asks is documented", () => {
  type Asked =
    | "/v1/network"
    | "/v1/config"
    | "/v1/validators"
    | "/v1/epoch"
    | "/v1/stakes/{owner}"
    | "/v1/cases"
    | "/v1/rewards"
    | "/v1/events"
    | "/v1/providers"
    | "/v1/providers/{owner}"
    | "/v1/offers"
    | "/v1/prices/percentiles"
    | "/v1/prices/history"
    | "/v1/match"
    | "/v1/jobs"
    | "/v1/jobs/{job}"
    | "/v1/jobs/{job}/events"
    | "/v1/jobs/{job}/bids"
    | "/v1/jobs/{job}/round"
    | "/v1/jobs/{job}/spec"
    | "/v1/jobs/{job}/input"
    | "/v1/jobs/{job}/delivery"
    | "/v1/jobs/{job}/logs"
    | "/v1/jobs/{job}/output"
    | "/v1/jobs/{job}/receipt"
    | "/v1/stream"
    | "/v1/auth/challenge"
    | "/v1/auth/session"
    | "/v1/keys"
    | "/v1/keys/{id}"
    | "/v1/audit"
    | "/v1/faucet";
  expectTypeOf<Asked>().toExtend<keyof paths>();
});
