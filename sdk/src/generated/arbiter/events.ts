/** Every event of the arbiter program. An event is its eight-byte name and its fields in Borsh. */
import {
  getAppealJudgedDecoder,
  type AppealJudged,
  getArbiterAuthorityAcceptedDecoder,
  type ArbiterAuthorityAccepted,
  getArbiterAuthorityNamedDecoder,
  type ArbiterAuthorityNamed,
  getArbiterCancelledDecoder,
  type ArbiterCancelled,
  getArbiterChangedDecoder,
  type ArbiterChanged,
  getArbiterQueuedDecoder,
  type ArbiterQueued,
  getAttestationCommittedDecoder,
  type AttestationCommitted,
  getAttestationsCommittedDecoder,
  type AttestationsCommitted,
  getAttestationsRevealedDecoder,
  type AttestationsRevealed,
  getBeaconClosedDecoder,
  type BeaconClosed,
  getBeaconPostedDecoder,
  type BeaconPosted,
  getDissentRefutedDecoder,
  type DissentRefuted,
  getDrandInitializedDecoder,
  type DrandInitialized,
  getEvidenceRecordedDecoder,
  type EvidenceRecorded,
  getExecutorJoinedDecoder,
  type ExecutorJoined,
  getExecutorLeftDecoder,
  type ExecutorLeft,
  getPlantClosedDecoder,
  type PlantClosed,
  getPlantCommittedDecoder,
  type PlantCommitted,
  getPlanterAppointedDecoder,
  type PlanterAppointed,
  getPlanterDismissedDecoder,
  type PlanterDismissed,
  getReexecutionSubmittedDecoder,
  type ReexecutionSubmitted,
  getRevealMissedDecoder,
  type RevealMissed,
  getRootBallotClosedDecoder,
  type RootBallotClosed,
  getRootFinalizedDecoder,
  type RootFinalized,
  getRootProposedDecoder,
  type RootProposed,
  getRootSignedDecoder,
  type RootSigned,
  getRoundClosedDecoder,
  type RoundClosed,
  getRoundExpiredDecoder,
  type RoundExpired,
  getRoundOpenedDecoder,
  type RoundOpened,
  getSetClosedDecoder,
  type SetClosed,
  getSetFrozenDecoder,
  type SetFrozen,
  getUsageWitnessClosedDecoder,
  type UsageWitnessClosed,
  getUsageWitnessedDecoder,
  type UsageWitnessed,
  getValidatorAnnouncedDecoder,
  type ValidatorAnnounced,
  getValidatorRegisteredDecoder,
  type ValidatorRegistered,
  getValidatorRetiredDecoder,
  type ValidatorRetired,
  getValidatorWeighedDecoder,
  type ValidatorWeighed,
  getVerdictClosedDecoder,
  type VerdictClosed,
  getVerdictReachedDecoder,
  type VerdictReached,
  getWitnessRootClosedDecoder,
  type WitnessRootClosed,
} from "./types/index.js";
import type { ReadonlyUint8Array } from "@solana/kit";

export type ArbiterEvent =
  | { name: "AppealJudged"; data: AppealJudged }
  | { name: "ArbiterAuthorityAccepted"; data: ArbiterAuthorityAccepted }
  | { name: "ArbiterAuthorityNamed"; data: ArbiterAuthorityNamed }
  | { name: "ArbiterCancelled"; data: ArbiterCancelled }
  | { name: "ArbiterChanged"; data: ArbiterChanged }
  | { name: "ArbiterQueued"; data: ArbiterQueued }
  | { name: "AttestationCommitted"; data: AttestationCommitted }
  | { name: "AttestationsCommitted"; data: AttestationsCommitted }
  | { name: "AttestationsRevealed"; data: AttestationsRevealed }
  | { name: "BeaconClosed"; data: BeaconClosed }
  | { name: "BeaconPosted"; data: BeaconPosted }
  | { name: "DissentRefuted"; data: DissentRefuted }
  | { name: "DrandInitialized"; data: DrandInitialized }
  | { name: "EvidenceRecorded"; data: EvidenceRecorded }
  | { name: "ExecutorJoined"; data: ExecutorJoined }
  | { name: "ExecutorLeft"; data: ExecutorLeft }
  | { name: "PlantClosed"; data: PlantClosed }
  | { name: "PlantCommitted"; data: PlantCommitted }
  | { name: "PlanterAppointed"; data: PlanterAppointed }
  | { name: "PlanterDismissed"; data: PlanterDismissed }
  | { name: "ReexecutionSubmitted"; data: ReexecutionSubmitted }
  | { name: "RevealMissed"; data: RevealMissed }
  | { name: "RootBallotClosed"; data: RootBallotClosed }
  | { name: "RootFinalized"; data: RootFinalized }
  | { name: "RootProposed"; data: RootProposed }
  | { name: "RootSigned"; data: RootSigned }
  | { name: "RoundClosed"; data: RoundClosed }
  | { name: "RoundExpired"; data: RoundExpired }
  | { name: "RoundOpened"; data: RoundOpened }
  | { name: "SetClosed"; data: SetClosed }
  | { name: "SetFrozen"; data: SetFrozen }
  | { name: "UsageWitnessClosed"; data: UsageWitnessClosed }
  | { name: "UsageWitnessed"; data: UsageWitnessed }
  | { name: "ValidatorAnnounced"; data: ValidatorAnnounced }
  | { name: "ValidatorRegistered"; data: ValidatorRegistered }
  | { name: "ValidatorRetired"; data: ValidatorRetired }
  | { name: "ValidatorWeighed"; data: ValidatorWeighed }
  | { name: "VerdictClosed"; data: VerdictClosed }
  | { name: "VerdictReached"; data: VerdictReached }
  | { name: "WitnessRootClosed"; data: WitnessRootClosed };

const TABLE: readonly {
  name: string;
  discriminator: readonly number[];
  decoder: () => { decode(bytes: ReadonlyUint8Array): unknown };
}[] = [
  {
    name: "AppealJudged",
    discriminator: [37, 107, 75, 44, 108, 129, 249, 7],
    decoder: getAppealJudgedDecoder,
  },
  {
    name: "ArbiterAuthorityAccepted",
    discriminator: [233, 164, 195, 98, 83, 155, 165, 213],
    decoder: getArbiterAuthorityAcceptedDecoder,
  },
  {
    name: "ArbiterAuthorityNamed",
    discriminator: [143, 145, 254, 229, 177, 248, 20, 37],
    decoder: getArbiterAuthorityNamedDecoder,
  },
  {
    name: "ArbiterCancelled",
    discriminator: [242, 148, 37, 199, 4, 71, 124, 83],
    decoder: getArbiterCancelledDecoder,
  },
  {
    name: "ArbiterChanged",
    discriminator: [249, 187, 231, 57, 34, 115, 243, 65],
    decoder: getArbiterChangedDecoder,
  },
  {
    name: "ArbiterQueued",
    discriminator: [113, 188, 191, 59, 40, 215, 84, 65],
    decoder: getArbiterQueuedDecoder,
  },
  {
    name: "AttestationCommitted",
    discriminator: [39, 198, 130, 214, 119, 52, 71, 7],
    decoder: getAttestationCommittedDecoder,
  },
  {
    name: "AttestationsCommitted",
    discriminator: [154, 39, 58, 134, 85, 212, 70, 222],
    decoder: getAttestationsCommittedDecoder,
  },
  {
    name: "AttestationsRevealed",
    discriminator: [123, 148, 246, 118, 166, 128, 110, 148],
    decoder: getAttestationsRevealedDecoder,
  },
  {
    name: "BeaconClosed",
    discriminator: [199, 151, 89, 109, 214, 9, 142, 228],
    decoder: getBeaconClosedDecoder,
  },
  {
    name: "BeaconPosted",
    discriminator: [220, 150, 94, 152, 87, 150, 37, 219],
    decoder: getBeaconPostedDecoder,
  },
  {
    name: "DissentRefuted",
    discriminator: [102, 221, 229, 168, 152, 87, 19, 224],
    decoder: getDissentRefutedDecoder,
  },
  {
    name: "DrandInitialized",
    discriminator: [208, 239, 188, 23, 225, 247, 97, 139],
    decoder: getDrandInitializedDecoder,
  },
  {
    name: "EvidenceRecorded",
    discriminator: [66, 200, 101, 138, 117, 63, 129, 175],
    decoder: getEvidenceRecordedDecoder,
  },
  {
    name: "ExecutorJoined",
    discriminator: [133, 238, 101, 39, 77, 226, 84, 34],
    decoder: getExecutorJoinedDecoder,
  },
  {
    name: "ExecutorLeft",
    discriminator: [62, 202, 194, 204, 219, 16, 164, 39],
    decoder: getExecutorLeftDecoder,
  },
  {
    name: "PlantClosed",
    discriminator: [162, 17, 73, 252, 232, 75, 211, 145],
    decoder: getPlantClosedDecoder,
  },
  {
    name: "PlantCommitted",
    discriminator: [85, 87, 190, 194, 94, 97, 35, 239],
    decoder: getPlantCommittedDecoder,
  },
  {
    name: "PlanterAppointed",
    discriminator: [133, 12, 224, 22, 226, 82, 63, 152],
    decoder: getPlanterAppointedDecoder,
  },
  {
    name: "PlanterDismissed",
    discriminator: [88, 129, 172, 96, 13, 185, 197, 132],
    decoder: getPlanterDismissedDecoder,
  },
  {
    name: "ReexecutionSubmitted",
    discriminator: [248, 172, 164, 8, 221, 180, 132, 232],
    decoder: getReexecutionSubmittedDecoder,
  },
  {
    name: "RevealMissed",
    discriminator: [68, 34, 124, 1, 108, 189, 243, 133],
    decoder: getRevealMissedDecoder,
  },
  {
    name: "RootBallotClosed",
    discriminator: [207, 55, 178, 0, 146, 134, 59, 41],
    decoder: getRootBallotClosedDecoder,
  },
  {
    name: "RootFinalized",
    discriminator: [241, 1, 127, 133, 180, 171, 191, 127],
    decoder: getRootFinalizedDecoder,
  },
  {
    name: "RootProposed",
    discriminator: [42, 37, 28, 46, 99, 215, 183, 163],
    decoder: getRootProposedDecoder,
  },
  {
    name: "RootSigned",
    discriminator: [6, 237, 92, 225, 252, 17, 50, 161],
    decoder: getRootSignedDecoder,
  },
  {
    name: "RoundClosed",
    discriminator: [45, 243, 28, 22, 132, 70, 175, 226],
    decoder: getRoundClosedDecoder,
  },
  {
    name: "RoundExpired",
    discriminator: [93, 120, 89, 173, 92, 124, 70, 38],
    decoder: getRoundExpiredDecoder,
  },
  {
    name: "RoundOpened",
    discriminator: [99, 173, 228, 72, 142, 57, 109, 178],
    decoder: getRoundOpenedDecoder,
  },
  {
    name: "SetClosed",
    discriminator: [187, 158, 67, 124, 218, 245, 249, 225],
    decoder: getSetClosedDecoder,
  },
  {
    name: "SetFrozen",
    discriminator: [254, 208, 42, 168, 245, 204, 121, 121],
    decoder: getSetFrozenDecoder,
  },
  {
    name: "UsageWitnessClosed",
    discriminator: [84, 87, 59, 38, 132, 135, 227, 253],
    decoder: getUsageWitnessClosedDecoder,
  },
  {
    name: "UsageWitnessed",
    discriminator: [67, 136, 72, 122, 196, 18, 212, 154],
    decoder: getUsageWitnessedDecoder,
  },
  {
    name: "ValidatorAnnounced",
    discriminator: [226, 8, 192, 15, 79, 216, 149, 61],
    decoder: getValidatorAnnouncedDecoder,
  },
  {
    name: "ValidatorRegistered",
    discriminator: [20, 20, 190, 191, 53, 174, 95, 72],
    decoder: getValidatorRegisteredDecoder,
  },
  {
    name: "ValidatorRetired",
    discriminator: [126, 6, 90, 210, 24, 129, 123, 209],
    decoder: getValidatorRetiredDecoder,
  },
  {
    name: "ValidatorWeighed",
    discriminator: [52, 160, 49, 49, 80, 168, 106, 51],
    decoder: getValidatorWeighedDecoder,
  },
  {
    name: "VerdictClosed",
    discriminator: [236, 189, 17, 17, 195, 151, 33, 242],
    decoder: getVerdictClosedDecoder,
  },
  {
    name: "VerdictReached",
    discriminator: [10, 201, 171, 77, 103, 125, 37, 30],
    decoder: getVerdictReachedDecoder,
  },
  {
    name: "WitnessRootClosed",
    discriminator: [207, 92, 13, 96, 233, 69, 28, 72],
    decoder: getWitnessRootClosedDecoder,
  },
];

/** The names of all events, sorted. */
export const ARBITER_EVENT_NAMES = [
  "AppealJudged",
  "ArbiterAuthorityAccepted",
  "ArbiterAuthorityNamed",
  "ArbiterCancelled",
  "ArbiterChanged",
  "ArbiterQueued",
  "AttestationCommitted",
  "AttestationsCommitted",
  "AttestationsRevealed",
  "BeaconClosed",
  "BeaconPosted",
  "DissentRefuted",
  "DrandInitialized",
  "EvidenceRecorded",
  "ExecutorJoined",
  "ExecutorLeft",
  "PlantClosed",
  "PlantCommitted",
  "PlanterAppointed",
  "PlanterDismissed",
  "ReexecutionSubmitted",
  "RevealMissed",
  "RootBallotClosed",
  "RootFinalized",
  "RootProposed",
  "RootSigned",
  "RoundClosed",
  "RoundExpired",
  "RoundOpened",
  "SetClosed",
  "SetFrozen",
  "UsageWitnessClosed",
  "UsageWitnessed",
  "ValidatorAnnounced",
  "ValidatorRegistered",
  "ValidatorRetired",
  "ValidatorWeighed",
  "VerdictClosed",
  "VerdictReached",
  "WitnessRootClosed",
] as const;

/** The event in these bytes, or undefined if they are none that this client knows. */
export function decodeArbiterEvent(bytes: ReadonlyUint8Array): ArbiterEvent | undefined {
  const row = TABLE.find(({ discriminator }) =>
    discriminator.every((byte, at) => bytes[at] === byte),
  );
  if (row === undefined) return undefined;
  return { name: row.name, data: row.decoder().decode(bytes.slice(8)) } as ArbiterEvent;
}
