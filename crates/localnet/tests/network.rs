//! The local network is real enough for everything above it: time, money, programs, queries, subscriptions.

#![allow(clippy::unwrap_used)] // a test fails by panicking

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use proofmill_chain::{
    Chain, ChainError, Change, ComputeLimit, Filter, MemoryOutbox, OutboxEntry, OutboxStore, Preflight, Sender,
    TransactionRequest, WatchOptions, sign, watch_program,
};
use proofmill_localnet::{Localnet, LocalnetError, LocalnetOptions, NetworkFile, Program};
use solana_address::Address;
use solana_instruction::{AccountMeta, Instruction};
use solana_keypair::Keypair;
use solana_signer::Signer;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

const SLOT_HASHES: Address = Address::from_str_const("SysvarS1otHashes111111111111111111111111111");
const SYSTEM: Address = Address::new_from_array([0; 32]);

fn programs() -> Vec<Program> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../programs/deploy");
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut images: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "so"))
        .collect();
    images.sort();
    images
        .iter()
        .map(|path| Program {
            name: path.file_stem().unwrap().to_string_lossy().into_owned(),
            address: Keypair::new().pubkey(),
            image: std::fs::read(path).unwrap(),
        })
        .collect()
}

fn transfer(from: &Keypair, to: Address, lamports: u64) -> Instruction {
    let mut data = vec![2, 0, 0, 0];
    data.extend_from_slice(&lamports.to_le_bytes());
    let accounts = vec![AccountMeta::new(from.pubkey(), true), AccountMeta::new(to, false)];
    Instruction { program_id: SYSTEM, accounts, data }
}

/// The entries of the SlotHashes account, newest first.
async fn slot_hashes(chain: &dyn Chain) -> Vec<(u64, [u8; 32])> {
    let data = chain.account(SLOT_HASHES).await.unwrap().unwrap().data;
    assert_eq!(data.len(), 8 + 512 * 40);
    let count = usize::try_from(u64::from_le_bytes(data[..8].try_into().unwrap())).unwrap();
    (0..count)
        .map(|index| {
            let at = 8 + index * 40;
            (u64::from_le_bytes(data[at..at + 8].try_into().unwrap()), data[at + 8..at + 40].try_into().unwrap())
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn slots_clock_and_slot_hashes_follow_real_time() {
    let net = Localnet::start(LocalnetOptions::default()).await.unwrap();
    let chain = net.chain();
    let (began, first) = (Instant::now(), chain.clock().await.unwrap());
    let (height, hashes) = (chain.block_height().await.unwrap(), slot_hashes(chain.as_ref()).await);
    tokio::time::sleep(Duration::from_secs(5)).await;
    let (took, last) = (began.elapsed(), chain.clock().await.unwrap());
    let slots = last.slot - first.slot;
    let expected = u64::try_from(took.as_millis()).unwrap() / 400;
    assert!(slots.abs_diff(expected) <= 2, "{slots} slots in {took:?}");
    let seconds = u64::try_from(last.unix_timestamp - first.unix_timestamp).unwrap();
    assert!(seconds.abs_diff(took.as_secs()) <= 1, "{seconds} s in {took:?}");
    let wall = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap();
    assert!((wall - last.unix_timestamp).abs() <= 3, "{} at {wall}", last.unix_timestamp);
    assert!(chain.block_height().await.unwrap().abs_diff(height + slots) <= 2);

    let later = slot_hashes(chain.as_ref()).await;
    assert!(later[0].0 >= last.slot, "an entry for the newest slot");
    assert!(later.windows(2).all(|pair| pair[0].0 == pair[1].0 + 1), "newest first, no slot missing");
    for (slot, hash) in hashes {
        assert_eq!(later.iter().find(|(other, _)| *other == slot).unwrap().1, hash, "an entry never changes");
    }
    let mut distinct: Vec<_> = later.iter().map(|(_, hash)| hash).collect();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), later.len());
    net.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_confirms_within_a_slot_and_leaves_a_record() {
    let net = Localnet::start(LocalnetOptions::default()).await.unwrap();
    let chain = net.chain();
    let owner = Arc::new(Keypair::new());
    net.airdrop(owner.pubkey(), 2_000_000_000).await.unwrap();
    assert_eq!(chain.account(owner.pubkey()).await.unwrap().unwrap().lamports, 2_000_000_000);

    let sender = Sender::new(chain.clone(), Arc::new(MemoryOutbox::default()));
    let to = Keypair::new().pubkey();
    let mut millis = Vec::new();
    let mut signature = None;
    for turn in 0..20_u64 {
        // Spread over the slot, or every transfer would start just after a block.
        tokio::time::sleep(Duration::from_millis((turn * 37) % 400)).await;
        let began = Instant::now();
        let request = TransactionRequest::new(owner.clone(), vec![transfer(&owner, to, 1_000_000)]);
        let key = format!("transfer:{turn}");
        signature = Some(sender.send(key.as_bytes(), request).await.unwrap().signature);
        millis.push(began.elapsed().as_millis());
    }
    millis.sort_unstable();
    println!("send to confirmed, ms: {millis:?}, median {}", millis[10]);
    assert!(millis[19] < 2_000, "{millis:?}");
    assert_eq!(chain.account(to).await.unwrap().unwrap().lamports, 20_000_000);

    let record = chain.transaction(signature.unwrap()).await.unwrap().unwrap();
    assert!(record.failure.is_none() && record.fee == 5000 && record.compute_units > 0 && record.size > 150);
    assert!(record.logs.iter().any(|line| line.contains("success")));
    let history = chain.history(to, None, None, 100).await.unwrap();
    assert_eq!(history.len(), 20);
    assert_eq!(history[0].signature, signature.unwrap(), "newest first");
    net.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_typed_before_and_after_landing() {
    let net = Localnet::start(LocalnetOptions { slot_ms: 100, ..LocalnetOptions::default() }).await.unwrap();
    let chain = net.chain();
    let owner = Arc::new(Keypair::new());
    net.airdrop(owner.pubkey(), 1_000_000_000).await.unwrap();
    let too_much = || {
        let ruin = transfer(&owner, Keypair::new().pubkey(), 5_000_000_000);
        TransactionRequest::new(owner.clone(), vec![ruin])
    };
    let sender = Sender::new(chain.clone(), Arc::new(MemoryOutbox::default()));
    for (key, compute) in [("simulated", ComputeLimit::Simulated), ("preflight", ComputeLimit::Units(10_000))] {
        let error = sender.send(key.as_bytes(), too_much().compute(compute)).await.unwrap_err();
        assert_eq!(error.custom_code(), Some(1), "{error}");
        assert!(matches!(error, ChainError::Rejected { landed: None, .. }), "{error}");
    }

    // Sent without a preflight it lands and fails; resume finds it by its record.
    let recent = chain.latest_blockhash().await.unwrap();
    let signed = sign(&too_much(), recent.hash, Some(10_000), None).unwrap();
    let store = Arc::new(MemoryOutbox::default());
    let entry = OutboxEntry {
        signature: signed.signature,
        bytes: signed.bytes.clone(),
        last_valid_block_height: recent.last_valid_block_height,
    };
    store.record(b"doomed", &entry).unwrap();
    let settled = Sender::new(chain.clone(), store.clone()).resume().await.unwrap();
    let Err(ChainError::Rejected { failure, logs, landed: Some((signature, _)) }) = &settled[0].outcome else {
        panic!("{settled:?}")
    };
    assert_eq!((failure.code, failure.instruction_index), (Some(1), Some(1)));
    assert_eq!(*signature, signed.signature);
    assert!(logs.iter().any(|line| line.contains("insufficient lamports")), "{logs:?}");
    assert!(store.pending().unwrap().is_empty());

    let again = chain.send_raw(&signed.bytes, Preflight::Skip).await.unwrap_err();
    assert!(matches!(&again, ChainError::Rejected { failure, .. } if failure.is_already_processed()), "{again:?}");
    net.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn mints_are_real_and_a_subscription_tells_at_once() {
    let mut net = Localnet::start(LocalnetOptions { slot_ms: 100, ..LocalnetOptions::default() }).await.unwrap();
    let chain = net.chain();
    let authority = Arc::new(Keypair::new());
    let mint = net.create_mint("usd", 6, authority.pubkey()).await.unwrap();

    // Polls are far apart: what arrives soon was hinted by programSubscribe.
    let options = WatchOptions::new(spl_token_interface::ID, net.ws_url())
        .filter(Filter::DataSize(165))
        .filter(Filter::Memcmp { offset: 0, bytes: mint.as_ref().to_vec() })
        .poll_every(Duration::from_secs(600));
    let mut changes = watch_program(chain.clone(), options, CancellationToken::new()).unwrap();
    assert!(matches!(changes.recv().await.unwrap(), Change::Synced { .. }));
    // Long enough for the subscription; its opening is followed by a full read of its own.
    tokio::time::sleep(Duration::from_millis(500)).await;

    let owner = Keypair::new().pubkey();
    let (account, _) = net.mint_to(mint, authority.clone(), owner, 5_000_000).await.unwrap();
    let change = timeout(Duration::from_secs(5), changes.recv()).await.expect("hinted").unwrap();
    let Change::Updated(told) = change else { panic!("{change:?}") };
    assert_eq!(told.address, account);
    assert_eq!(told.data[64..72], 5_000_000_u64.to_le_bytes());
    net.mint_to(mint, authority, owner, 1).await.unwrap();
    let change = timeout(Duration::from_secs(5), changes.recv()).await.expect("hinted").unwrap();
    assert!(matches!(change, Change::Updated(told) if told.data[64..72] == 5_000_001_u64.to_le_bytes()));

    let found = chain
        .program_accounts(spl_token_interface::ID, &[Filter::Memcmp { offset: 32, bytes: owner.as_ref().to_vec() }])
        .await
        .unwrap();
    assert_eq!(found.accounts.len(), 1);
    let stranger = net.mint_to(mint, Arc::new(Keypair::new()), owner, 1).await.unwrap_err();
    assert!(matches!(&stranger, LocalnetError::Chain(error) if error.custom_code() == Some(4)), "{stranger}");

    // Token-2022 knows the same two instructions.
    let token_2022: Address = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb".parse().unwrap();
    let (faucet, newer) = (net.faucet(), Arc::new(Keypair::new()));
    let mut data = vec![0, 0, 0, 0];
    data.extend_from_slice(&chain.minimum_balance(82).await.unwrap().to_le_bytes());
    data.extend_from_slice(&82_u64.to_le_bytes());
    data.extend_from_slice(token_2022.as_ref());
    let accounts = vec![AccountMeta::new(faucet.pubkey(), true), AccountMeta::new(newer.pubkey(), true)];
    let create = Instruction { program_id: SYSTEM, accounts, data };
    let classic = spl_token_interface::ID;
    let mut initialize =
        spl_token_interface::instruction::initialize_mint2(&classic, &newer.pubkey(), &owner, None, 9).unwrap();
    initialize.program_id = token_2022;
    let sender = Sender::new(chain.clone(), Arc::new(MemoryOutbox::default()));
    let request = TransactionRequest::new(faucet, vec![create, initialize]).signed_by(newer.clone());
    sender.send(b"token-2022", request).await.unwrap();
    let made = chain.account(newer.pubkey()).await.unwrap().unwrap();
    assert_eq!((made.owner, made.data[44]), (token_2022, 9));

    for program in [
        "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA",
        "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb",
        "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL",
    ] {
        assert!(chain.account(program.parse().unwrap()).await.unwrap().unwrap().executable, "{program}");
    }
    net.stop().await.unwrap();
}

#[tokio::test]
async fn programs_run_and_other_processes_find_the_network() {
    // On a runtime of one thread, as `#[tokio::main(flavor = "current_thread")]` tools have.
    let programs = programs();
    let options = LocalnetOptions { programs: programs.clone(), slot_ms: 50, ..LocalnetOptions::default() };
    let net = Localnet::start(options).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("network.json");
    net.write_network_file(&path).unwrap();
    let file = NetworkFile::read(&path).unwrap();
    assert_eq!((file.rpc_url.as_str(), file.programs.len()), (net.rpc_url(), programs.len()));
    assert_eq!(file.genesis_hash, net.chain().genesis_hash().await.unwrap().to_string());
    assert!(file.rpc_url.starts_with("http://127.0.0.1:") && file.ws_url.starts_with("ws://127.0.0.1:"));

    let faucet = net.faucet();
    let sender = Sender::new(net.chain(), Arc::new(MemoryOutbox::default()));
    for program in &programs {
        // No instruction has this name: the program itself must say so.
        let call = Instruction { program_id: program.address, accounts: vec![], data: vec![0xfe; 8] };
        let request = TransactionRequest::new(faucet.clone(), vec![call]);
        let error = sender.send(program.name.as_bytes(), request).await.unwrap_err();
        let ChainError::Rejected { failure, logs, .. } = error else { panic!("{error}") };
        println!("{}: {} {logs:?}", program.name, failure.reason);
        let consumed = format!("Program {} consumed", program.address);
        assert!(logs.iter().any(|line| line.starts_with(&consumed)), "it did not run: {} {logs:?}", failure.reason);
    }
    if programs.is_empty() {
        println!("no program image in programs/deploy: the deployment was not checked");
    }
    let url = net.rpc_url().trim_start_matches("http://").to_owned();
    net.stop().await.unwrap();
    assert!(std::net::TcpStream::connect(url).is_err(), "its port is free");
}

#[tokio::test]
async fn an_image_that_is_no_program_is_refused_and_networks_do_not_meet() {
    let mut images = vec![b"no program".to_vec()];
    if let Some(program) = programs().first() {
        images.push(program.image[..program.image.len() / 2].to_vec());
    }
    for image in images {
        let bad = Program { name: "bad".into(), address: Keypair::new().pubkey(), image };
        let started =
            Localnet::start(LocalnetOptions { programs: vec![bad.clone()], slot_ms: 50, ..LocalnetOptions::default() })
                .await;
        assert!(matches!(&started, Err(LocalnetError::NotExecutable(at)) if *at == bad.address), "{:?}", started.err());
    }
    let options = || LocalnetOptions { slot_ms: 50, ..LocalnetOptions::default() };
    let (one, two) = (Localnet::start(options()).await.unwrap(), Localnet::start(options()).await.unwrap());
    // Their genesis hashes may be equal (same second); their URLs and their accounts are not.
    assert_ne!(one.rpc_url(), two.rpc_url());
    let address = Keypair::new().pubkey();
    one.airdrop_all(&[address], 1_000_000_000).await.unwrap();
    assert!(two.chain().account(address).await.unwrap().is_none());
    assert!(matches!(
        Localnet::start(LocalnetOptions { slot_ms: 0, ..LocalnetOptions::default() }).await,
        Err(LocalnetError::Options(_))
    ));
}
