/** The job document, from crates/jobspec/schema/job.schema.json. `…Draft` leaves out what has a default. */

export type Comparator =
  | {
      /** Absolute difference allowed, parts per billion of one. */
      readonly absolute_ppb: number;
      readonly kind: "tensor";
      /** Share of the numbers that may lie outside, basis points. */
      readonly outliers_bps_max: number;
      /** Relative difference allowed, parts per billion. */
      readonly relative_ppb: number;
    }
  | {
      readonly kind: "image";
      /** Least peak signal-to-noise ratio, thousandths of a decibel. */
      readonly psnr_millidecibel_min: number;
      /** Least structural similarity, basis points. */
      readonly ssim_bps_min: number;
    }
  | {
      readonly kind: "json";
      /** Relative difference allowed, parts per billion. */
      readonly relative_ppb: number;
    };

export type ComparatorDraft =
  | {
      /** Absolute difference allowed, parts per billion of one. */
      readonly absolute_ppb: number;
      readonly kind: "tensor";
      /** Share of the numbers that may lie outside, basis points. */
      readonly outliers_bps_max: number;
      /** Relative difference allowed, parts per billion. */
      readonly relative_ppb: number;
    }
  | {
      readonly kind: "image";
      /** Least peak signal-to-noise ratio, thousandths of a decibel. */
      readonly psnr_millidecibel_min: number;
      /** Least structural similarity, basis points. */
      readonly ssim_bps_min: number;
    }
  | {
      readonly kind: "json";
      /** Relative difference allowed, parts per billion. */
      readonly relative_ppb: number;
    };

export type GpuVendor = "any" | "nvidia" | "amd" | "intel";

export type GpuVendorDraft = "any" | "nvidia" | "amd" | "intel";

export type HealthCheck = {
  /** Program and arguments, run in the container; exit code 0 is well. */
  readonly command: readonly string[];
  /** Failures in a row that make it ill. */
  readonly failures_max: number;
  /** Seconds between two questions. */
  readonly interval_seconds: number;
  /** Seconds until an answer is taken for a failure. */
  readonly timeout_seconds: number;
};

export type HealthCheckDraft = {
  /** Program and arguments, run in the container; exit code 0 is well. */
  readonly command: readonly string[];
  /** Failures in a row that make it ill. */
  readonly failures_max: number;
  /** Seconds between two questions. */
  readonly interval_seconds: number;
  /** Seconds until an answer is taken for a failure. */
  readonly timeout_seconds: number;
};

export type Inputs = {
  /** Files to be fetched by the node. Not offered yet: containers have no network, and nodes fetch nothing. */
  readonly remote: readonly RemoteInput[];
  /** Root of the manifest of the files to be given, 64 lower-case hexadecimal digits; null for whatever is given. */
  readonly root: string | null;
};

export type InputsDraft = {
  /** Files to be fetched by the node. Not offered yet: containers have no network, and nodes fetch nothing. */
  readonly remote?: readonly RemoteInputDraft[];
  /** Root of the manifest of the files to be given, 64 lower-case hexadecimal digits; null for whatever is given. */
  readonly root?: string | null;
};

export type Kind = "batch" | "service";

export type KindDraft = "batch" | "service";

export type OutputLimits = {
  /** Sum of the sizes of all output files, in bytes. No single file, scratch included, may be larger. */
  readonly max_bytes: number;
  /** Number of output files. */
  readonly max_files: number;
};

export type OutputLimitsDraft = {
  /** Sum of the sizes of all output files, in bytes. No single file, scratch included, may be larger. */
  readonly max_bytes?: number;
  /** Number of output files. */
  readonly max_files?: number;
};

export type Placement = {
  /** Whether a simulated device will do. Only local networks have any. */
  readonly allow_simulated: boolean;
  /** Oldest certificate of the measured GPU accepted, seconds; 0 asks for none. */
  readonly certificate_age_seconds_max: number;
  /** ISO 3166 numeric code of the country, such as 756; 0 for anywhere. */
  readonly region: number;
  /** Least uptime of the provider, basis points. The market's own minimum holds besides. */
  readonly uptime_bps: number;
};

export type PlacementDraft = {
  /** Whether a simulated device will do. Only local networks have any. */
  readonly allow_simulated?: boolean;
  /** Oldest certificate of the measured GPU accepted, seconds; 0 asks for none. */
  readonly certificate_age_seconds_max?: number;
  /** ISO 3166 numeric code of the country, such as 756; 0 for anywhere. */
  readonly region?: number;
  /** Least uptime of the provider, basis points. The market's own minimum holds besides. */
  readonly uptime_bps?: number;
};

export type Port = {
  /** Its number in the container. */
  readonly number: number;
  /** What is spoken there. */
  readonly protocol: Protocol;
};

export type PortDraft = {
  /** Its number in the container. */
  readonly number: number;
  /** What is spoken there. */
  readonly protocol?: ProtocolDraft;
};

export type Privacy = "parties" | "public" | "confidential";

export type PrivacyDraft = "parties" | "public" | "confidential";

export type Protocol = "tcp" | "udp" | "http";

export type ProtocolDraft = "tcp" | "udp" | "http";

export type RemoteInput = {
  /** Its place below `/in`. */
  readonly path: string;
  /** SHA-256 of its content, 64 lower-case hexadecimal digits. */
  readonly sha256: string;
  /** Where it is. */
  readonly url: string;
};

export type RemoteInputDraft = {
  /** Its place below `/in`. */
  readonly path: string;
  /** SHA-256 of its content, 64 lower-case hexadecimal digits. */
  readonly sha256: string;
  /** Where it is. */
  readonly url: string;
};

export type Resources = {
  /** Processor time, in thousandths of a core. */
  readonly cpus_milli: number;
  /** Number of whole GPUs. */
  readonly gpu_count: number;
  /** Their model as the driver names it, without regard to case; null for any. Announced by providers and not measured: prefer `vram_mib`, `tier` and a certificate. */
  readonly gpu_model: string | null;
  /** Who made them. */
  readonly gpu_vendor: GpuVendor;
  /** Memory in MiB, with the scratch file system and shared memory; there is no swap. */
  readonly memory_mib: number;
  /** Processes and threads together. */
  readonly pids: number;
  /** Size of the scratch file system in MiB. It lives in memory. */
  readonly scratch_mib: number;
  /** Least standing of the provider; checked on chain. */
  readonly tier: Tier;
  /** Memory that each GPU must have, in MiB; 0 when any will do, and always when there is no GPU. */
  readonly vram_mib: number;
};

export type ResourcesDraft = {
  /** Processor time, in thousandths of a core. */
  readonly cpus_milli: number;
  /** Number of whole GPUs. */
  readonly gpu_count?: number;
  /** Their model as the driver names it, without regard to case; null for any. Announced by providers and not measured: prefer `vram_mib`, `tier` and a certificate. */
  readonly gpu_model?: string | null;
  /** Who made them. */
  readonly gpu_vendor?: GpuVendorDraft;
  /** Memory in MiB, with the scratch file system and shared memory; there is no swap. */
  readonly memory_mib: number;
  /** Processes and threads together. */
  readonly pids?: number;
  /** Size of the scratch file system in MiB. It lives in memory. */
  readonly scratch_mib?: number;
  /** Least standing of the provider; checked on chain. */
  readonly tier?: TierDraft;
  /** Memory that each GPU must have, in MiB; 0 when any will do, and always when there is no GPU. */
  readonly vram_mib?: number;
};

export type Sla = {
  /** Stake pledged, atoms of the stake mint. */
  readonly bond: number;
  /** Availability below which the bond is due, basis points. */
  readonly uptime_bps: number;
};

export type SlaDraft = {
  /** Stake pledged, atoms of the stake mint. */
  readonly bond: number;
  /** Availability below which the bond is due, basis points. */
  readonly uptime_bps: number;
};

export type Tier = "any" | "consumer" | "prosumer" | "datacenter";

export type TierDraft = "any" | "consumer" | "prosumer" | "datacenter";

export type Timeouts = {
  /** Seconds from the match to the start. Only 0 is offered: the market's own window applies to everybody. */
  readonly start_seconds: number;
  /** Seconds between asking a container to stop and killing it. Only 0 is offered: the node's own. */
  readonly stop_seconds: number;
};

export type TimeoutsDraft = {
  /** Seconds from the match to the start. Only 0 is offered: the market's own window applies to everybody. */
  readonly start_seconds?: number;
  /** Seconds between asking a container to stop and killing it. Only 0 is offered: the node's own. */
  readonly stop_seconds?: number;
};

export type Verification =
  "deterministic" | "tolerant" | "witnessed" | "confidential" | "zero_knowledge";

export type VerificationDraft =
  "deterministic" | "tolerant" | "witnessed" | "confidential" | "zero_knowledge";

export type JobDocument = {
  /** Program and arguments, in place of the image's own; empty to run what the image says. */
  readonly command: readonly string[];
  /** How outputs are compared; null unless the class is `tolerant`. Not offered yet. */
  readonly comparator: Comparator | null;
  /** Variables added to the fixed environment. Names are upper-case words. */
  readonly env: Readonly<Record<string, string>>;
  /** How a service is asked whether it is well; null to take it for well once its first port accepts a connection or, without ports, once it runs. */
  readonly health: HealthCheck | null;
  /** The image to run, by digest. (Files may say `resolved-at-build`; then the digest is given when they are read.) */
  readonly image: string;
  /** What an attempt finds in `/in`. */
  readonly inputs: Inputs;
  /** How the job lives. */
  readonly kind: Kind;
  /** Seconds an attempt may run before it is stopped; of a service, the seconds first paid for. */
  readonly max_seconds: number;
  /** A name for people: lower-case letters, digits, `-` and `_`. */
  readonly name: string;
  /** What one attempt may leave behind at most. */
  readonly outputs: OutputLimits;
  /** Where, by whom and on what the job may run. */
  readonly placement: Placement;
  /** Ports that the container of a service listens on; only its tenant reaches them. A batch job has no network. */
  readonly ports: readonly Port[];
  /** Most atoms of the payment mint per second: escrow is this times `max_seconds`, and what is not used comes back. 0 leaves it to the offer taken; auctions and arrays need one. */
  readonly price_ceiling_per_second: number;
  /** Who may read its data. */
  readonly privacy: Privacy;
  /** What one attempt may use at most, and what it must find. */
  readonly resources: Resources;
  /** Further attempts after one of which nothing came: given back, never started, or without a receipt. A service has none. */
  readonly retries: number;
  /** Availability that the provider of a service pledges stake for; null for none. */
  readonly sla: Sla | null;
  /** Times other than the run's own. */
  readonly timeouts: Timeouts;
  /** How the result is proved. */
  readonly verification: Verification;
  /** Version of the document. */
  readonly version: 1;
};

export type JobDocumentDraft = {
  /** Program and arguments, in place of the image's own; empty to run what the image says. */
  readonly command?: readonly string[];
  /** How outputs are compared; null unless the class is `tolerant`. Not offered yet. */
  readonly comparator?: ComparatorDraft | null;
  /** Variables added to the fixed environment. Names are upper-case words. */
  readonly env?: Readonly<Record<string, string>>;
  /** How a service is asked whether it is well; null to take it for well once its first port accepts a connection or, without ports, once it runs. */
  readonly health?: HealthCheckDraft | null;
  /** The image to run, by digest. (Files may say `resolved-at-build`; then the digest is given when they are read.) */
  readonly image: string;
  /** What an attempt finds in `/in`. */
  readonly inputs?: InputsDraft;
  /** How the job lives. */
  readonly kind?: KindDraft;
  /** Seconds an attempt may run before it is stopped; of a service, the seconds first paid for. */
  readonly max_seconds: number;
  /** A name for people: lower-case letters, digits, `-` and `_`. */
  readonly name: string;
  /** What one attempt may leave behind at most. */
  readonly outputs?: OutputLimitsDraft;
  /** Where, by whom and on what the job may run. */
  readonly placement?: PlacementDraft;
  /** Ports that the container of a service listens on; only its tenant reaches them. A batch job has no network. */
  readonly ports?: readonly PortDraft[];
  /** Most atoms of the payment mint per second: escrow is this times `max_seconds`, and what is not used comes back. 0 leaves it to the offer taken; auctions and arrays need one. */
  readonly price_ceiling_per_second?: number;
  /** Who may read its data. */
  readonly privacy?: PrivacyDraft;
  /** What one attempt may use at most, and what it must find. */
  readonly resources: ResourcesDraft;
  /** Further attempts after one of which nothing came: given back, never started, or without a receipt. A service has none. */
  readonly retries?: number;
  /** Availability that the provider of a service pledges stake for; null for none. */
  readonly sla?: SlaDraft | null;
  /** Times other than the run's own. */
  readonly timeouts?: TimeoutsDraft;
  /** How the result is proved. */
  readonly verification?: VerificationDraft;
  /** Version of the document. */
  readonly version: 1;
};

/** The schema, without its words. */
export const JOB_SCHEMA: unknown = {
  $defs: {
    Comparator: {
      oneOf: [
        {
          additionalProperties: false,
          properties: {
            absolute_ppb: { minimum: 0, type: "integer" },
            kind: { const: "tensor", type: "string" },
            outliers_bps_max: { maximum: 65535, minimum: 0, type: "integer" },
            relative_ppb: { minimum: 0, type: "integer" },
          },
          required: ["kind", "relative_ppb", "absolute_ppb", "outliers_bps_max"],
          type: "object",
        },
        {
          additionalProperties: false,
          properties: {
            kind: { const: "image", type: "string" },
            psnr_millidecibel_min: { minimum: 0, type: "integer" },
            ssim_bps_min: { maximum: 65535, minimum: 0, type: "integer" },
          },
          required: ["kind", "psnr_millidecibel_min", "ssim_bps_min"],
          type: "object",
        },
        {
          additionalProperties: false,
          properties: {
            kind: { const: "json", type: "string" },
            relative_ppb: { minimum: 0, type: "integer" },
          },
          required: ["kind", "relative_ppb"],
          type: "object",
        },
      ],
    },
    GpuVendor: {
      oneOf: [
        { const: "any", type: "string" },
        { const: "nvidia", type: "string" },
        { const: "amd", type: "string" },
        { const: "intel", type: "string" },
      ],
    },
    HealthCheck: {
      additionalProperties: false,
      properties: {
        command: { items: { type: "string" }, maxItems: 64, minItems: 1, type: "array" },
        failures_max: { maximum: 255, minimum: 1, type: "integer" },
        interval_seconds: { maximum: 3600, minimum: 1, type: "integer" },
        timeout_seconds: { maximum: 3600, minimum: 1, type: "integer" },
      },
      required: ["command", "interval_seconds", "timeout_seconds", "failures_max"],
      type: "object",
    },
    Inputs: {
      additionalProperties: false,
      properties: {
        remote: {
          default: [],
          items: { $ref: "#/$defs/RemoteInput" },
          maxItems: 64,
          type: "array",
        },
        root: { default: null, pattern: "^[0-9a-f]{64}$", type: ["string", "null"] },
      },
      type: "object",
    },
    Kind: {
      oneOf: [
        { const: "batch", type: "string" },
        { const: "service", type: "string" },
      ],
    },
    OutputLimits: {
      additionalProperties: false,
      properties: {
        max_bytes: { default: 67108864, maximum: 68719476736, minimum: 1, type: "integer" },
        max_files: { default: 1024, maximum: 100000, minimum: 1, type: "integer" },
      },
      type: "object",
    },
    Placement: {
      additionalProperties: false,
      properties: {
        allow_simulated: { default: true, type: "boolean" },
        certificate_age_seconds_max: { default: 0, maximum: 2592000, minimum: 0, type: "integer" },
        region: { default: 0, maximum: 999, minimum: 0, type: "integer" },
        uptime_bps: { default: 0, maximum: 10000, minimum: 0, type: "integer" },
      },
      type: "object",
    },
    Port: {
      additionalProperties: false,
      properties: {
        number: { maximum: 65535, minimum: 1, type: "integer" },
        protocol: { $ref: "#/$defs/Protocol", default: "tcp" },
      },
      required: ["number"],
      type: "object",
    },
    Privacy: {
      oneOf: [
        { const: "parties", type: "string" },
        { const: "public", type: "string" },
        { const: "confidential", type: "string" },
      ],
    },
    Protocol: {
      oneOf: [
        { const: "tcp", type: "string" },
        { const: "udp", type: "string" },
        { const: "http", type: "string" },
      ],
    },
    RemoteInput: {
      additionalProperties: false,
      properties: {
        path: { maxLength: 2048, minLength: 1, type: "string" },
        sha256: { pattern: "^[0-9a-f]{64}$", type: "string" },
        url: { maxLength: 2048, minLength: 1, type: "string" },
      },
      required: ["url", "sha256", "path"],
      type: "object",
    },
    Resources: {
      additionalProperties: false,
      properties: {
        cpus_milli: { maximum: 64000, minimum: 100, type: "integer" },
        gpu_count: { default: 0, maximum: 16, minimum: 0, type: "integer" },
        gpu_model: {
          default: null,
          maxLength: 32,
          minLength: 1,
          pattern: "^[ -~]*$",
          type: ["string", "null"],
        },
        gpu_vendor: { $ref: "#/$defs/GpuVendor", default: "any" },
        memory_mib: { maximum: 1048576, minimum: 16, type: "integer" },
        pids: { default: 256, maximum: 4096, minimum: 1, type: "integer" },
        scratch_mib: { default: 64, maximum: 65536, minimum: 1, type: "integer" },
        tier: { $ref: "#/$defs/Tier", default: "any" },
        vram_mib: { default: 0, maximum: 1048576, minimum: 0, type: "integer" },
      },
      required: ["cpus_milli", "memory_mib"],
      type: "object",
    },
    Sla: {
      additionalProperties: false,
      properties: {
        bond: { maximum: 9007199254740991, minimum: 1, type: "integer" },
        uptime_bps: { maximum: 10000, minimum: 1, type: "integer" },
      },
      required: ["uptime_bps", "bond"],
      type: "object",
    },
    Tier: {
      oneOf: [
        { const: "any", type: "string" },
        { const: "consumer", type: "string" },
        { const: "prosumer", type: "string" },
        { const: "datacenter", type: "string" },
      ],
    },
    Timeouts: {
      additionalProperties: false,
      properties: {
        start_seconds: { default: 0, maximum: 86400, minimum: 0, type: "integer" },
        stop_seconds: { default: 0, maximum: 86400, minimum: 0, type: "integer" },
      },
      type: "object",
    },
    Verification: {
      oneOf: [
        { const: "deterministic", type: "string" },
        { const: "tolerant", type: "string" },
        { const: "witnessed", type: "string" },
        { const: "confidential", type: "string" },
        { const: "zero_knowledge", type: "string" },
      ],
    },
  },
  additionalProperties: false,
  properties: {
    command: { default: [], items: { type: "string" }, maxItems: 64, type: "array" },
    comparator: { anyOf: [{ $ref: "#/$defs/Comparator" }, { type: "null" }], default: null },
    env: {
      additionalProperties: { type: "string" },
      default: {},
      maxProperties: 64,
      propertyNames: { maxLength: 128, pattern: "^[A-Z_][A-Z0-9_]*$" },
      type: "object",
    },
    health: { anyOf: [{ $ref: "#/$defs/HealthCheck" }, { type: "null" }], default: null },
    image: { pattern: "^sha256:[0-9a-f]{64}$", type: "string" },
    inputs: { $ref: "#/$defs/Inputs", default: { remote: [], root: null } },
    kind: { $ref: "#/$defs/Kind", default: "batch" },
    max_seconds: { maximum: 86400, minimum: 1, type: "integer" },
    name: { maxLength: 64, minLength: 1, pattern: "^[a-z0-9_-]+$", type: "string" },
    outputs: { $ref: "#/$defs/OutputLimits", default: { max_bytes: 67108864, max_files: 1024 } },
    placement: {
      $ref: "#/$defs/Placement",
      default: { allow_simulated: true, certificate_age_seconds_max: 0, region: 0, uptime_bps: 0 },
    },
    ports: { default: [], items: { $ref: "#/$defs/Port" }, maxItems: 16, type: "array" },
    price_ceiling_per_second: {
      default: 0,
      maximum: 9007199254740991,
      minimum: 0,
      type: "integer",
    },
    privacy: { $ref: "#/$defs/Privacy", default: "parties" },
    resources: { $ref: "#/$defs/Resources" },
    retries: { default: 0, maximum: 7, minimum: 0, type: "integer" },
    sla: { anyOf: [{ $ref: "#/$defs/Sla" }, { type: "null" }], default: null },
    timeouts: { $ref: "#/$defs/Timeouts", default: { start_seconds: 0, stop_seconds: 0 } },
    verification: { $ref: "#/$defs/Verification", default: "deterministic" },
    version: { const: 1, maximum: 65535, minimum: 0, type: "integer" },
  },
  required: ["version", "name", "image", "resources", "max_seconds"],
  type: "object",
};
