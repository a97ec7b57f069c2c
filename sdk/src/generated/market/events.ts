/** Every event of the market program. An event is its eight-byte name and its fields in Borsh. */
import {
  getAppealResolvedDecoder,
  type AppealResolved,
  getArrayCancelledDecoder,
  type ArrayCancelled,
  getArrayClosedDecoder,
  type ArrayClosed,
  getArrayPostedDecoder,
  type ArrayPosted,
  getAuditPaidDecoder,
  type AuditPaid,
  getAuthorityAcceptedDecoder,
  type AuthorityAccepted,
  getAuthorityNamedDecoder,
  type AuthorityNamed,
  getBidClosedDecoder,
  type BidClosed,
  getBidPlacedDecoder,
  type BidPlaced,
  getBidSkippedDecoder,
  type BidSkipped,
  getBidWithdrawnDecoder,
  type BidWithdrawn,
  getBondLockedDecoder,
  type BondLocked,
  getBondReleasedDecoder,
  type BondReleased,
  getBountyClaimedDecoder,
  type BountyClaimed,
  getCapabilityRecordedDecoder,
  type CapabilityRecorded,
  getConfigCancelledDecoder,
  type ConfigCancelled,
  getConfigChangedDecoder,
  type ConfigChanged,
  getConfigQueuedDecoder,
  type ConfigQueued,
  getDepositForfeitedDecoder,
  type DepositForfeited,
  getDepositReturnedDecoder,
  type DepositReturned,
  getEpochRewardClaimedDecoder,
  type EpochRewardClaimed,
  getFeesSweptDecoder,
  type FeesSwept,
  getJobClosedDecoder,
  type JobClosed,
  getJobMatchedDecoder,
  type JobMatched,
  getJobPausedDecoder,
  type JobPaused,
  getJobPostedDecoder,
  type JobPosted,
  getJobReopenedDecoder,
  type JobReopened,
  getJobResumedDecoder,
  type JobResumed,
  getJobSettledDecoder,
  type JobSettled,
  getJobStartedDecoder,
  type JobStarted,
  getJobToppedUpDecoder,
  type JobToppedUp,
  getMintRuleChangedDecoder,
  type MintRuleChanged,
  getMintRuleQueuedDecoder,
  type MintRuleQueued,
  getOfferPublishedDecoder,
  type OfferPublished,
  getOfferWithdrawnDecoder,
  type OfferWithdrawn,
  getOpeningsPausedDecoder,
  type OpeningsPaused,
  getOpeningsResumedDecoder,
  type OpeningsResumed,
  getProofSubmittedDecoder,
  type ProofSubmitted,
  getProviderRegisteredDecoder,
  type ProviderRegistered,
  getProviderUpdatedDecoder,
  type ProviderUpdated,
  getRefundClaimedDecoder,
  type RefundClaimed,
  getRewardClaimedDecoder,
  type RewardClaimed,
  getRewardPoolOpenedDecoder,
  type RewardPoolOpened,
  getRewardsFundedDecoder,
  type RewardsFunded,
  getRewardsRolledOverDecoder,
  type RewardsRolledOver,
  getServiceStoppedDecoder,
  type ServiceStopped,
  getSlaClaimedDecoder,
  type SlaClaimed,
  getSlashAppealedDecoder,
  type SlashAppealed,
  getSlashAppliedDecoder,
  type SlashApplied,
  getSlashCaseClosedDecoder,
  type SlashCaseClosed,
  getSlashOpenedDecoder,
  type SlashOpened,
  getSlashedSweptDecoder,
  type SlashedSwept,
  getStakeDepositedDecoder,
  type StakeDeposited,
  getStakeOpenedDecoder,
  type StakeOpened,
  getStakeUnbondingDecoder,
  type StakeUnbonding,
  getStakeWithdrawnDecoder,
  type StakeWithdrawn,
  getStartMissedDecoder,
  type StartMissed,
  getStreamClaimedDecoder,
  type StreamClaimed,
  getTaskIssuedDecoder,
  type TaskIssued,
  getTaskReturnedDecoder,
  type TaskReturned,
  getUptimeRecordedDecoder,
  type UptimeRecorded,
  getUsageAcceptedDecoder,
  type UsageAccepted,
} from "./types/index.js";
import type { ReadonlyUint8Array } from "@solana/kit";

export type MarketEvent =
  | { name: "AppealResolved"; data: AppealResolved }
  | { name: "ArrayCancelled"; data: ArrayCancelled }
  | { name: "ArrayClosed"; data: ArrayClosed }
  | { name: "ArrayPosted"; data: ArrayPosted }
  | { name: "AuditPaid"; data: AuditPaid }
  | { name: "AuthorityAccepted"; data: AuthorityAccepted }
  | { name: "AuthorityNamed"; data: AuthorityNamed }
  | { name: "BidClosed"; data: BidClosed }
  | { name: "BidPlaced"; data: BidPlaced }
  | { name: "BidSkipped"; data: BidSkipped }
  | { name: "BidWithdrawn"; data: BidWithdrawn }
  | { name: "BondLocked"; data: BondLocked }
  | { name: "BondReleased"; data: BondReleased }
  | { name: "BountyClaimed"; data: BountyClaimed }
  | { name: "CapabilityRecorded"; data: CapabilityRecorded }
  | { name: "ConfigCancelled"; data: ConfigCancelled }
  | { name: "ConfigChanged"; data: ConfigChanged }
  | { name: "ConfigQueued"; data: ConfigQueued }
  | { name: "DepositForfeited"; data: DepositForfeited }
  | { name: "DepositReturned"; data: DepositReturned }
  | { name: "EpochRewardClaimed"; data: EpochRewardClaimed }
  | { name: "FeesSwept"; data: FeesSwept }
  | { name: "JobClosed"; data: JobClosed }
  | { name: "JobMatched"; data: JobMatched }
  | { name: "JobPaused"; data: JobPaused }
  | { name: "JobPosted"; data: JobPosted }
  | { name: "JobReopened"; data: JobReopened }
  | { name: "JobResumed"; data: JobResumed }
  | { name: "JobSettled"; data: JobSettled }
  | { name: "JobStarted"; data: JobStarted }
  | { name: "JobToppedUp"; data: JobToppedUp }
  | { name: "MintRuleChanged"; data: MintRuleChanged }
  | { name: "MintRuleQueued"; data: MintRuleQueued }
  | { name: "OfferPublished"; data: OfferPublished }
  | { name: "OfferWithdrawn"; data: OfferWithdrawn }
  | { name: "OpeningsPaused"; data: OpeningsPaused }
  | { name: "OpeningsResumed"; data: OpeningsResumed }
  | { name: "ProofSubmitted"; data: ProofSubmitted }
  | { name: "ProviderRegistered"; data: ProviderRegistered }
  | { name: "ProviderUpdated"; data: ProviderUpdated }
  | { name: "RefundClaimed"; data: RefundClaimed }
  | { name: "RewardClaimed"; data: RewardClaimed }
  | { name: "RewardPoolOpened"; data: RewardPoolOpened }
  | { name: "RewardsFunded"; data: RewardsFunded }
  | { name: "RewardsRolledOver"; data: RewardsRolledOver }
  | { name: "ServiceStopped"; data: ServiceStopped }
  | { name: "SlaClaimed"; data: SlaClaimed }
  | { name: "SlashAppealed"; data: SlashAppealed }
  | { name: "SlashApplied"; data: SlashApplied }
  | { name: "SlashCaseClosed"; data: SlashCaseClosed }
  | { name: "SlashOpened"; data: SlashOpened }
  | { name: "SlashedSwept"; data: SlashedSwept }
  | { name: "StakeDeposited"; data: StakeDeposited }
  | { name: "StakeOpened"; data: StakeOpened }
  | { name: "StakeUnbonding"; data: StakeUnbonding }
  | { name: "StakeWithdrawn"; data: StakeWithdrawn }
  | { name: "StartMissed"; data: StartMissed }
  | { name: "StreamClaimed"; data: StreamClaimed }
  | { name: "TaskIssued"; data: TaskIssued }
  | { name: "TaskReturned"; data: TaskReturned }
  | { name: "UptimeRecorded"; data: UptimeRecorded }
  | { name: "UsageAccepted"; data: UsageAccepted };

const TABLE: readonly {
  name: string;
  discriminator: readonly number[];
  decoder: () => { decode(bytes: ReadonlyUint8Array): unknown };
}[] = [
  {
    name: "AppealResolved",
    discriminator: [130, 12, 137, 191, 189, 217, 26, 189],
    decoder: getAppealResolvedDecoder,
  },
  {
    name: "ArrayCancelled",
    discriminator: [247, 194, 115, 219, 224, 100, 203, 84],
    decoder: getArrayCancelledDecoder,
  },
  {
    name: "ArrayClosed",
    discriminator: [11, 205, 128, 95, 125, 139, 78, 75],
    decoder: getArrayClosedDecoder,
  },
  {
    name: "ArrayPosted",
    discriminator: [198, 112, 25, 145, 168, 76, 214, 154],
    decoder: getArrayPostedDecoder,
  },
  {
    name: "AuditPaid",
    discriminator: [64, 51, 204, 16, 105, 111, 204, 136],
    decoder: getAuditPaidDecoder,
  },
  {
    name: "AuthorityAccepted",
    discriminator: [166, 192, 219, 188, 41, 209, 195, 26],
    decoder: getAuthorityAcceptedDecoder,
  },
  {
    name: "AuthorityNamed",
    discriminator: [152, 243, 100, 114, 39, 24, 73, 60],
    decoder: getAuthorityNamedDecoder,
  },
  {
    name: "BidClosed",
    discriminator: [34, 163, 44, 172, 23, 66, 254, 237],
    decoder: getBidClosedDecoder,
  },
  {
    name: "BidPlaced",
    discriminator: [135, 53, 176, 83, 193, 69, 108, 61],
    decoder: getBidPlacedDecoder,
  },
  {
    name: "BidSkipped",
    discriminator: [210, 241, 180, 138, 166, 108, 7, 126],
    decoder: getBidSkippedDecoder,
  },
  {
    name: "BidWithdrawn",
    discriminator: [145, 195, 97, 230, 166, 54, 74, 206],
    decoder: getBidWithdrawnDecoder,
  },
  {
    name: "BondLocked",
    discriminator: [89, 45, 139, 7, 22, 105, 232, 59],
    decoder: getBondLockedDecoder,
  },
  {
    name: "BondReleased",
    discriminator: [191, 161, 250, 29, 188, 146, 120, 251],
    decoder: getBondReleasedDecoder,
  },
  {
    name: "BountyClaimed",
    discriminator: [140, 202, 21, 51, 211, 65, 142, 21],
    decoder: getBountyClaimedDecoder,
  },
  {
    name: "CapabilityRecorded",
    discriminator: [219, 38, 39, 171, 127, 95, 186, 6],
    decoder: getCapabilityRecordedDecoder,
  },
  {
    name: "ConfigCancelled",
    discriminator: [230, 230, 7, 76, 157, 223, 168, 244],
    decoder: getConfigCancelledDecoder,
  },
  {
    name: "ConfigChanged",
    discriminator: [147, 25, 86, 98, 98, 77, 78, 192],
    decoder: getConfigChangedDecoder,
  },
  {
    name: "ConfigQueued",
    discriminator: [4, 107, 174, 137, 193, 65, 81, 41],
    decoder: getConfigQueuedDecoder,
  },
  {
    name: "DepositForfeited",
    discriminator: [165, 9, 162, 33, 55, 90, 73, 131],
    decoder: getDepositForfeitedDecoder,
  },
  {
    name: "DepositReturned",
    discriminator: [2, 77, 168, 193, 85, 51, 45, 241],
    decoder: getDepositReturnedDecoder,
  },
  {
    name: "EpochRewardClaimed",
    discriminator: [158, 173, 132, 115, 86, 107, 150, 17],
    decoder: getEpochRewardClaimedDecoder,
  },
  {
    name: "FeesSwept",
    discriminator: [96, 218, 115, 136, 74, 170, 202, 172],
    decoder: getFeesSweptDecoder,
  },
  {
    name: "JobClosed",
    discriminator: [123, 63, 243, 153, 174, 212, 2, 55],
    decoder: getJobClosedDecoder,
  },
  {
    name: "JobMatched",
    discriminator: [248, 84, 128, 163, 137, 254, 33, 230],
    decoder: getJobMatchedDecoder,
  },
  {
    name: "JobPaused",
    discriminator: [45, 67, 69, 125, 70, 122, 41, 221],
    decoder: getJobPausedDecoder,
  },
  {
    name: "JobPosted",
    discriminator: [18, 171, 12, 141, 212, 169, 183, 52],
    decoder: getJobPostedDecoder,
  },
  {
    name: "JobReopened",
    discriminator: [183, 233, 104, 185, 241, 223, 175, 203],
    decoder: getJobReopenedDecoder,
  },
  {
    name: "JobResumed",
    discriminator: [40, 66, 0, 29, 14, 172, 144, 185],
    decoder: getJobResumedDecoder,
  },
  {
    name: "JobSettled",
    discriminator: [130, 105, 205, 34, 87, 86, 152, 27],
    decoder: getJobSettledDecoder,
  },
  {
    name: "JobStarted",
    discriminator: [8, 44, 116, 171, 51, 119, 74, 188],
    decoder: getJobStartedDecoder,
  },
  {
    name: "JobToppedUp",
    discriminator: [10, 251, 87, 120, 150, 117, 18, 232],
    decoder: getJobToppedUpDecoder,
  },
  {
    name: "MintRuleChanged",
    discriminator: [139, 228, 238, 159, 26, 193, 151, 100],
    decoder: getMintRuleChangedDecoder,
  },
  {
    name: "MintRuleQueued",
    discriminator: [79, 177, 178, 30, 74, 223, 10, 211],
    decoder: getMintRuleQueuedDecoder,
  },
  {
    name: "OfferPublished",
    discriminator: [199, 154, 81, 128, 178, 203, 105, 82],
    decoder: getOfferPublishedDecoder,
  },
  {
    name: "OfferWithdrawn",
    discriminator: [239, 29, 37, 199, 103, 204, 16, 102],
    decoder: getOfferWithdrawnDecoder,
  },
  {
    name: "OpeningsPaused",
    discriminator: [83, 145, 17, 57, 60, 124, 239, 245],
    decoder: getOpeningsPausedDecoder,
  },
  {
    name: "OpeningsResumed",
    discriminator: [106, 227, 117, 147, 0, 2, 1, 34],
    decoder: getOpeningsResumedDecoder,
  },
  {
    name: "ProofSubmitted",
    discriminator: [160, 51, 85, 70, 249, 89, 5, 139],
    decoder: getProofSubmittedDecoder,
  },
  {
    name: "ProviderRegistered",
    discriminator: [38, 209, 137, 78, 185, 19, 147, 14],
    decoder: getProviderRegisteredDecoder,
  },
  {
    name: "ProviderUpdated",
    discriminator: [143, 4, 27, 180, 122, 208, 164, 136],
    decoder: getProviderUpdatedDecoder,
  },
  {
    name: "RefundClaimed",
    discriminator: [136, 64, 242, 99, 4, 244, 208, 130],
    decoder: getRefundClaimedDecoder,
  },
  {
    name: "RewardClaimed",
    discriminator: [49, 28, 87, 84, 158, 48, 229, 175],
    decoder: getRewardClaimedDecoder,
  },
  {
    name: "RewardPoolOpened",
    discriminator: [25, 31, 200, 147, 185, 223, 75, 241],
    decoder: getRewardPoolOpenedDecoder,
  },
  {
    name: "RewardsFunded",
    discriminator: [84, 233, 245, 203, 228, 147, 165, 92],
    decoder: getRewardsFundedDecoder,
  },
  {
    name: "RewardsRolledOver",
    discriminator: [175, 134, 27, 86, 250, 37, 128, 142],
    decoder: getRewardsRolledOverDecoder,
  },
  {
    name: "ServiceStopped",
    discriminator: [197, 71, 52, 167, 201, 174, 31, 184],
    decoder: getServiceStoppedDecoder,
  },
  {
    name: "SlaClaimed",
    discriminator: [78, 51, 152, 8, 13, 131, 82, 220],
    decoder: getSlaClaimedDecoder,
  },
  {
    name: "SlashAppealed",
    discriminator: [95, 61, 211, 128, 117, 80, 87, 101],
    decoder: getSlashAppealedDecoder,
  },
  {
    name: "SlashApplied",
    discriminator: [207, 20, 164, 179, 234, 57, 80, 238],
    decoder: getSlashAppliedDecoder,
  },
  {
    name: "SlashCaseClosed",
    discriminator: [252, 251, 106, 187, 45, 212, 251, 6],
    decoder: getSlashCaseClosedDecoder,
  },
  {
    name: "SlashOpened",
    discriminator: [237, 61, 216, 51, 69, 27, 107, 27],
    decoder: getSlashOpenedDecoder,
  },
  {
    name: "SlashedSwept",
    discriminator: [177, 174, 208, 62, 52, 11, 251, 208],
    decoder: getSlashedSweptDecoder,
  },
  {
    name: "StakeDeposited",
    discriminator: [69, 152, 144, 109, 232, 34, 225, 19],
    decoder: getStakeDepositedDecoder,
  },
  {
    name: "StakeOpened",
    discriminator: [224, 249, 211, 227, 9, 83, 142, 188],
    decoder: getStakeOpenedDecoder,
  },
  {
    name: "StakeUnbonding",
    discriminator: [10, 200, 12, 249, 175, 224, 223, 111],
    decoder: getStakeUnbondingDecoder,
  },
  {
    name: "StakeWithdrawn",
    discriminator: [33, 120, 159, 58, 140, 255, 174, 79],
    decoder: getStakeWithdrawnDecoder,
  },
  {
    name: "StartMissed",
    discriminator: [2, 141, 128, 13, 170, 225, 24, 185],
    decoder: getStartMissedDecoder,
  },
  {
    name: "StreamClaimed",
    discriminator: [215, 120, 176, 35, 43, 239, 59, 229],
    decoder: getStreamClaimedDecoder,
  },
  {
    name: "TaskIssued",
    discriminator: [246, 17, 75, 1, 93, 64, 251, 101],
    decoder: getTaskIssuedDecoder,
  },
  {
    name: "TaskReturned",
    discriminator: [111, 152, 40, 158, 55, 74, 83, 209],
    decoder: getTaskReturnedDecoder,
  },
  {
    name: "UptimeRecorded",
    discriminator: [155, 42, 119, 153, 160, 192, 85, 177],
    decoder: getUptimeRecordedDecoder,
  },
  {
    name: "UsageAccepted",
    discriminator: [100, 31, 38, 216, 55, 198, 211, 137],
    decoder: getUsageAcceptedDecoder,
  },
];

/** The names of all events, sorted. */
export const MARKET_EVENT_NAMES = [
  "AppealResolved",
  "ArrayCancelled",
  "ArrayClosed",
  "ArrayPosted",
  "AuditPaid",
  "AuthorityAccepted",
  "AuthorityNamed",
  "BidClosed",
  "BidPlaced",
  "BidSkipped",
  "BidWithdrawn",
  "BondLocked",
  "BondReleased",
  "BountyClaimed",
  "CapabilityRecorded",
  "ConfigCancelled",
  "ConfigChanged",
  "ConfigQueued",
  "DepositForfeited",
  "DepositReturned",
  "EpochRewardClaimed",
  "FeesSwept",
  "JobClosed",
  "JobMatched",
  "JobPaused",
  "JobPosted",
  "JobReopened",
  "JobResumed",
  "JobSettled",
  "JobStarted",
  "JobToppedUp",
  "MintRuleChanged",
  "MintRuleQueued",
  "OfferPublished",
  "OfferWithdrawn",
  "OpeningsPaused",
  "OpeningsResumed",
  "ProofSubmitted",
  "ProviderRegistered",
  "ProviderUpdated",
  "RefundClaimed",
  "RewardClaimed",
  "RewardPoolOpened",
  "RewardsFunded",
  "RewardsRolledOver",
  "ServiceStopped",
  "SlaClaimed",
  "SlashAppealed",
  "SlashApplied",
  "SlashCaseClosed",
  "SlashOpened",
  "SlashedSwept",
  "StakeDeposited",
  "StakeOpened",
  "StakeUnbonding",
  "StakeWithdrawn",
  "StartMissed",
  "StreamClaimed",
  "TaskIssued",
  "TaskReturned",
  "UptimeRecorded",
  "UsageAccepted",
] as const;

/** The event in these bytes, or undefined if they are none that this client knows. */
export function decodeMarketEvent(bytes: ReadonlyUint8Array): MarketEvent | undefined {
  const row = TABLE.find(({ discriminator }) =>
    discriminator.every((byte, at) => bytes[at] === byte),
  );
  if (row === undefined) return undefined;
  return { name: row.name, data: row.decoder().decode(bytes.slice(8)) } as MarketEvent;
}
