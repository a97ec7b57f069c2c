/** Makes a transaction, runs it in a simulation, and puts into words what its bytes do. */
import {
  appendTransactionMessageInstructions,
  compileTransaction,
  createTransactionMessage,
  getTransactionEncoder,
  pipe,
  setTransactionMessageFeePayer,
  setTransactionMessageLifetimeUsingBlockhash,
  type Address,
  type Blockhash,
  type Instruction,
} from '@solana/kit';
import {
  describeTransaction,
  market,
  priorityPrice,
  toHex,
  type DescribedInstruction,
  type Priority,
} from '@proofmill/client';
import { ask } from '../gateway/client';
import { networkRecord } from '../gateway/records';
import { accounts, rpc, type RawAccount } from '../gateway/rpc';
import { anything, count, list, nullable, shape, text } from '../gateway/wire';
import { COMPUTE_UNITS_MAX, TRANSACTION_BYTES_MAX } from '../limits';
import { mintName } from '../parts/money';
import { decimal } from '../text/amount';
import { fromBase64, toBase58, toBase64 } from '../text/base58';
import { failureWords } from './failures';
import type { Plan } from './plan';
import { SigningFault, type Act, type Prepared } from './words';

const COMPUTE_BUDGET = 'ComputeBudget111111111111111111111111111111' as Address;
const LAMPORTS_PER_SIGNATURE = 5_000n;

function unitLimit(units: number): Instruction {
  const data = new Uint8Array(5);
  data[0] = 2;
  new DataView(data.buffer).setUint32(1, units, true);
  return { programAddress: COMPUTE_BUDGET, data };
}

function unitPrice(price: bigint): Instruction {
  const data = new Uint8Array(9);
  data[0] = 3;
  new DataView(data.buffer).setBigUint64(1, price, true);
  return { programAddress: COMPUTE_BUDGET, data };
}

const recentFees = list(shape({ prioritizationFee: count }), 1_000);

/** What recent blocks asked for the same accounts; nothing where the node does not say. */
async function recentPrices(writable: readonly string[]): Promise<readonly bigint[]> {
  try {
    const found = await rpc('getRecentPrioritizationFees', [writable.slice(0, 128)], recentFees);
    return found.map(({ prioritizationFee }) => prioritizationFee);
  } catch {
    return [];
  }
}

const lamportsOf = (value: unknown): bigint =>
  typeof value === 'number' || typeof value === 'string' ? BigInt(value) : 0n;

/** Atoms of a token account, its mint and its owner, if that is what it is. */
function tokensOf(
  account: RawAccount | null,
): { readonly mint: string; readonly owner: string; readonly atoms: bigint } | null {
  if (account === null || account.data.length < 165 || !account.owner.startsWith('Token')) return null;
  return {
    mint: toBase58(account.data.subarray(0, 32)),
    owner: toBase58(account.data.subarray(32, 64)),
    atoms: new DataView(account.data.buffer, account.data.byteOffset).getBigUint64(64, true),
  };
}

const signed = (change: bigint, figure: string): string => `${change > 0n ? '+' : '\u2212'}${figure}`;
const magnitude = (value: bigint): bigint => (value < 0n ? -value : value);

export async function prepare(plan: Plan, signer: string, genesisShown: string, priority: Priority): Promise<Prepared> {
  const [latest, genesis, network] = await Promise.all([
    rpc(
      'getLatestBlockhash',
      [{ commitment: 'confirmed' }],
      shape({ value: shape({ blockhash: text, lastValidBlockHeight: count }) }),
    ),
    rpc('getGenesisHash', [], text),
    ask('/v1/network', networkRecord),
  ]);
  // A gateway that shows one chain and signs on another would get a signature that is worth something elsewhere.
  if (genesis !== genesisShown) {
    throw new SigningFault({
      what: 'The node speaks for another chain than the one this page shows.',
      next: 'Nothing was signed. Check the RPC address on the network page, or use another gateway.',
    });
  }
  const build = (instructions: readonly Instruction[]) =>
    compileTransaction(
      pipe(
        createTransactionMessage({ version: 0 }),
        (message) => setTransactionMessageFeePayer(signer as Address, message),
        (message) =>
          setTransactionMessageLifetimeUsingBlockhash(
            { blockhash: latest.value.blockhash as Blockhash, lastValidBlockHeight: latest.value.lastValidBlockHeight },
            message,
          ),
        (message) => appendTransactionMessageInstructions([...instructions], message),
      ),
    );
  const writable = plan.instructions.flatMap(({ accounts: metas = [] }) =>
    metas.filter((meta) => (meta.role & 1) === 1).map((meta) => meta.address as string),
  );
  const recent = priority === 'off' ? [] : await recentPrices([...new Set(writable)]);
  // Reckoned for the most units that are asked for: what is charged follows the limit, not what was used.
  const price = priorityPrice(recent, priority, COMPUTE_UNITS_MAX);
  const budget = [unitLimit(COMPUTE_UNITS_MAX), ...(price > 0n ? [unitPrice(price)] : [])];
  const compiled = build([...budget, ...plan.instructions]);
  const wire = Uint8Array.from(getTransactionEncoder().encode(compiled));
  if (wire.length > TRANSACTION_BYTES_MAX) {
    throw new SigningFault({
      what: `The transaction would have ${wire.length} bytes; ${TRANSACTION_BYTES_MAX} fit.`,
      next: 'Nothing was signed. Do it in two steps.',
    });
  }

  const touched = [signer, ...writable].filter((address, index, all) => all.indexOf(address) === index).slice(0, 20);
  const before = await accounts(touched);
  const simulated = await rpc(
    'simulateTransaction',
    [
      toBase64(wire),
      {
        encoding: 'base64',
        sigVerify: false,
        commitment: 'confirmed',
        accounts: { encoding: 'base64', addresses: touched },
      },
    ],
    shape({ value: shape({ err: anything, accounts: nullable(anything), unitsConsumed: nullable(count) }) }),
  );
  const { err } = simulated.value;
  if (err !== null && err !== undefined) {
    throw new SigningFault({
      what: failureWords(err),
      next: 'The simulation shows it before anything is signed: nothing was signed and nothing was paid.',
    });
  }

  const mints: Record<string, { decimals: number; symbol: string }> = Object.fromEntries(
    network.mints.map((mint) => [mint.mint, { decimals: mint.decimals, symbol: mintName(mint.mint, network.local) }]),
  );
  if (network.stake_mint !== null && mints[network.stake_mint] === undefined) {
    mints[network.stake_mint] = { decimals: 6, symbol: 'stake tokens' };
  }
  const described = describeTransaction(compiled, { mints, wallet: signer as Address });
  if (!described.known || described.feePayer !== signer || described.signers.some((one) => one !== signer)) {
    throw new SigningFault({
      what: 'The transaction holds something that this page cannot put into words.',
      next: 'It is not given to the wallet. Report it.',
    });
  }
  return {
    message: Uint8Array.from(compiled.messageBytes),
    wire,
    lastValidBlockHeight: latest.value.lastValidBlockHeight,
    acts: described.instructions
      .map((instruction, index) => actOf(instruction, plan.instructions[index - budget.length], network.node_key))
      .filter((act) => act !== null),
    priorityLamports: described.priorityFeeLamports,
    feeLamports: LAMPORTS_PER_SIGNATURE * BigInt(described.signers.length) + described.priorityFeeLamports,
    changes: changesOf(touched, before, simulated.value.accounts, signer, mints),
  };
}

const TITLES: Readonly<Record<string, string>> = {
  post_job: 'Post the job and lock its escrow',
  post_array: 'Post the array and lock the escrow of its tasks',
  cancel_array: 'Let no further task be taken',
  close_array: 'Close the array and take the rest back',
  sweep_fees: 'Pay the fee',
  top_up_job: 'Top up the service',
  stop_job: 'End the service',
  resume_job: 'Resume the service',
  claim_stream: 'Draw earnings',
  claim_sla: 'Collect what is due of the bond',
  set_price: 'Offer a fee for priority',
  match_job: 'Take the offer',
  cancel_job: 'Cancel the job',
  claim_refund: 'Collect the refund',
  claim_reward: 'Collect the reward',
  close_job: 'Close the job',
  publish_offer: 'Publish the offer',
  withdraw_offer: 'Withdraw the offer',
  open_stake: 'Open your stake',
  deposit_stake: 'Deposit stake',
  unbond_stake: 'Begin to unbond',
  withdraw_stake: 'Withdraw stake',
  appeal_slash: 'Appeal the slash',
  create: 'Open a token account',
};

function actOf(
  described: DescribedInstruction,
  instruction: Instruction | undefined,
  gatewayKey: string | null,
): Act | null {
  if (described.name === 'set_limit') return null;
  const lines = [described.words, ...described.fields.map(({ label, value }) => `${label}: ${value}`)];
  let warning: string | null = null;
  if ((described.name === 'post_job' || described.name === 'post_array') && instruction?.data !== undefined) {
    const decoder =
      described.name === 'post_job'
        ? market.getPostJobInstructionDataDecoder()
        : market.getPostArrayInstructionDataDecoder();
    const { tenantNodeKey } = decoder.decode(instruction.data);
    const key = toHex(tenantNodeKey);
    lines.push(
      key === gatewayKey
        ? 'Files and log go through this gateway in the clear; the result is verified here.'
        : `Files and log go to the node key ${key}.`,
    );
    if (key !== gatewayKey) warning = 'That is not this gateway’s key: your files would go to somebody else.';
  }
  return { title: TITLES[described.name] ?? described.name.replaceAll('_', ' '), lines, warning };
}

function changesOf(
  touched: readonly string[],
  before: readonly (RawAccount | null)[],
  simulated: unknown,
  signer: string,
  mints: Readonly<Record<string, { readonly decimals: number; readonly symbol: string }>>,
): readonly string[] {
  if (!Array.isArray(simulated) || simulated.length !== touched.length) return [];
  const words: string[] = [];
  touched.forEach((address, index) => {
    const found = simulated[index] as { data?: readonly unknown[]; owner?: unknown; lamports?: unknown } | null;
    const encoded = found?.data?.[0];
    const after: RawAccount | null =
      found === null || typeof encoded !== 'string'
        ? null
        : { data: fromBase64(encoded), owner: String(found.owner), lamports: lamportsOf(found.lamports) };
    const old = before[index] ?? null;
    if (address === signer) {
      const change = (after?.lamports ?? 0n) - (old?.lamports ?? 0n);
      if (change !== 0n) words.push(`${signed(change, decimal(magnitude(change), 9))} SOL (fee and rent)`);
      return;
    }
    const tokens = tokensOf(after) ?? tokensOf(old);
    if (tokens === null || tokens.owner !== signer) return;
    const change = (tokensOf(after)?.atoms ?? 0n) - (tokensOf(old)?.atoms ?? 0n);
    const mint = mints[tokens.mint];
    if (change !== 0n)
      words.push(
        `${signed(change, decimal(magnitude(change), mint?.decimals ?? 0))} ${mint?.symbol ?? `atoms of ${tokens.mint}`}`,
      );
  });
  return words;
}
