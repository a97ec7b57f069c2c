//! How instructions become signed bytes.

use std::sync::Arc;

use solana_address::Address;
use solana_compute_budget_interface::ComputeBudgetInstruction;
use solana_hash::Hash;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_message::{AddressLookupTableAccount, Message, VersionedMessage, v0};
use solana_signature::Signature;
use solana_signer::Signer;
use solana_transaction::versioned::VersionedTransaction;

use crate::{bounds, error::ChainError};

/// An effect to be made on chain: what to do, and who signs.
#[derive(Clone)]
pub struct TransactionRequest {
    /// The instructions, without compute-budget ones: those follow from the fields below.
    pub instructions: Vec<Instruction>,
    /// Pays the fee, signs first.
    pub payer: Arc<Keypair>,
    /// Further signers that the instructions name. A repetition of the payer is ignored.
    pub signers: Vec<Arc<Keypair>>,
    /// Wire format.
    pub format: Format,
    /// Where the compute-unit limit comes from.
    pub compute: ComputeLimit,
    /// Priority fee in micro-lamports per compute unit; 0 leaves the instruction out.
    pub priority_fee: u64,
}

impl TransactionRequest {
    /// A v0 transaction with one signer and a simulated compute limit.
    pub fn new(payer: Arc<Keypair>, instructions: Vec<Instruction>) -> Self {
        Self {
            instructions,
            payer,
            signers: Vec::new(),
            format: Format::V0(Vec::new()),
            compute: ComputeLimit::Simulated,
            priority_fee: 0,
        }
    }

    /// Adds a signer.
    pub fn signed_by(mut self, signer: Arc<Keypair>) -> Self {
        self.signers.push(signer);
        self
    }

    /// Sets where the compute-unit limit comes from.
    pub fn compute(mut self, compute: ComputeLimit) -> Self {
        self.compute = compute;
        self
    }

    /// Sets the priority fee in micro-lamports per compute unit.
    pub fn priority_fee(mut self, micro_lamports: u64) -> Self {
        self.priority_fee = micro_lamports;
        self
    }
}

/// Wire format of a transaction.
#[derive(Clone, Debug)]
pub enum Format {
    /// Without a version prefix.
    Legacy,
    /// Version 0, with these address lookup tables.
    V0(Vec<AddressLookupTableAccount>),
}

/// Where the compute-unit limit of a transaction comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComputeLimit {
    /// The runtime's default for the number of instructions; the node's preflight runs on the first send.
    Default,
    /// This many units; the node's preflight runs on the first send.
    Units(u32),
    /// What a simulation used and a tenth more. The simulation also replaces the preflight: a transaction that would
    /// fail is refused before anything is recorded.
    Simulated,
}

/// Signed bytes, ready to send, and what identifies them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedTransaction {
    /// The payer's signature: the transaction's identity.
    pub signature: Signature,
    /// The serialized transaction.
    pub bytes: Vec<u8>,
}

/// Signs a request with a blockhash. `units` is the compute-unit limit to ask for, if any.
///
/// # Errors
/// [`ChainError::Unbuildable`] when a signer is missing, an account cannot be indexed or the result is over 1232 bytes.
pub fn sign(
    request: &TransactionRequest,
    blockhash: Hash,
    units: Option<u32>,
    priority_fee: Option<u64>,
) -> Result<SignedTransaction, ChainError> {
    let mut instructions = Vec::with_capacity(request.instructions.len().saturating_add(2));
    if let Some(units) = units {
        instructions.push(ComputeBudgetInstruction::set_compute_unit_limit(units));
    }
    if let Some(price) = priority_fee {
        instructions.push(ComputeBudgetInstruction::set_compute_unit_price(price));
    }
    instructions.extend_from_slice(&request.instructions);

    let payer = request.payer.pubkey();
    let message = match &request.format {
        Format::Legacy => {
            VersionedMessage::Legacy(Message::new_with_blockhash(&instructions, Some(&payer), &blockhash))
        }
        Format::V0(tables) => VersionedMessage::V0(
            v0::Message::try_compile(&payer, &instructions, tables, blockhash)
                .map_err(|error| ChainError::Unbuildable(error.to_string()))?,
        ),
    };

    let mut signers: Vec<&Keypair> = vec![request.payer.as_ref()];
    for signer in &request.signers {
        let address = signer.pubkey();
        if signers.iter().all(|known| known.pubkey() != address) {
            signers.push(signer.as_ref());
        }
    }
    let required = usize::from(message.header().num_required_signatures);
    if let Some(missing) = missing_signer(&message, &signers, required) {
        return Err(ChainError::Unbuildable(format!("the signature of {missing} is missing")));
    }
    let transaction = VersionedTransaction::try_new(message, signers.as_slice())
        .map_err(|error| ChainError::Unbuildable(error.to_string()))?;
    let signature = transaction
        .signatures
        .first()
        .copied()
        .ok_or_else(|| ChainError::Unbuildable("no signature is required".to_owned()))?;

    let bytes = serialize(&transaction)?;
    if bytes.len() > bounds::TRANSACTION_BYTES {
        return Err(ChainError::Unbuildable(format!(
            "{} bytes are more than the {} a transaction may have",
            bytes.len(),
            bounds::TRANSACTION_BYTES
        )));
    }
    Ok(SignedTransaction { signature, bytes })
}

fn missing_signer(message: &VersionedMessage, signers: &[&Keypair], required: usize) -> Option<Address> {
    let keys = message.static_account_keys().iter().take(required);
    keys.copied().find(|key| signers.iter().all(|signer| signer.pubkey() != *key))
}

/// The wire form: a count, the signatures, the message. The count is a "compact u16", one byte below 128.
fn serialize(transaction: &VersionedTransaction) -> Result<Vec<u8>, ChainError> {
    let count = u8::try_from(transaction.signatures.len())
        .ok()
        .filter(|count| *count < 128)
        .ok_or_else(|| ChainError::Unbuildable("128 or more signatures".to_owned()))?;
    let mut bytes = vec![count];
    for signature in &transaction.signatures {
        bytes.extend_from_slice(signature.as_ref());
    }
    bytes.extend_from_slice(&transaction.message.serialize());
    Ok(bytes)
}

/// The limit to ask for after a simulation used `used` units: a tenth and a little more, within the runtime's maximum.
pub(crate) fn with_margin(used: u64) -> u32 {
    let share = used.saturating_mul(bounds::COMPUTE_MARGIN_PERCENT) / 100;
    let wanted = used.saturating_add(share).saturating_add(bounds::COMPUTE_MARGIN_FLOOR);
    u32::try_from(wanted).map_or(bounds::MAX_COMPUTE_UNITS, |units| units.min(bounds::MAX_COMPUTE_UNITS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use solana_instruction::AccountMeta;

    fn note(signers: &[&Keypair], data: Vec<u8>) -> Instruction {
        let accounts = signers.iter().map(|signer| AccountMeta::new_readonly(signer.pubkey(), true)).collect();
        Instruction { program_id: Address::new_from_array([7; 32]), accounts, data }
    }

    #[test]
    fn the_bytes_are_the_networks_wire_form() {
        for format in [Format::Legacy, Format::V0(Vec::new())] {
            let payer = Arc::new(Keypair::new());
            let other = Arc::new(Keypair::new());
            let mut request = TransactionRequest::new(payer.clone(), vec![note(&[&payer, &other], vec![1, 2, 3])])
                .signed_by(other.clone())
                .signed_by(payer.clone());
            request.format = format;
            let signed = sign(&request, Hash::new_from_array([5; 32]), Some(1000), Some(7)).unwrap();
            assert_eq!(signed.bytes[0], 2);
            assert_eq!(&signed.bytes[1..65], signed.signature.as_ref());
            let message = &signed.bytes[129..];
            assert!(signed.signature.verify(payer.pubkey().as_ref(), message));
            let second = Signature::try_from(&signed.bytes[65..129]).unwrap();
            assert!(second.verify(other.pubkey().as_ref(), message));
        }
    }

    #[test]
    fn a_missing_signer_is_named() {
        let payer = Arc::new(Keypair::new());
        let other = Keypair::new();
        let request = TransactionRequest::new(payer.clone(), vec![note(&[&payer, &other], vec![])]);
        let error = sign(&request, Hash::default(), None, None).unwrap_err();
        assert_eq!(error, ChainError::Unbuildable(format!("the signature of {} is missing", other.pubkey())));
    }

    #[test]
    fn a_transaction_over_the_packet_size_is_not_built() {
        let payer = Arc::new(Keypair::new());
        let request = TransactionRequest::new(payer.clone(), vec![note(&[&payer], vec![0; 1200])]);
        assert!(matches!(sign(&request, Hash::default(), None, None), Err(ChainError::Unbuildable(_))));
    }

    #[test]
    fn the_margin_stays_within_the_runtimes_maximum() {
        assert_eq!(with_margin(0), 1_000);
        assert_eq!(with_margin(10_000), 12_000);
        assert_eq!(with_margin(1_400_000), 1_400_000);
        assert_eq!(with_margin(u64::MAX), 1_400_000);
    }
}
