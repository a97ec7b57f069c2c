//! probe
use solana_commitment_config::CommitmentConfig;
use solana_rpc_client_api::request::RpcRequest;
use std::time::{Duration, Instant};
use surfpool_sdk::*;
fn transfer(from: &Keypair, to: &Pubkey, n: u64, bh: solana_hash::Hash) -> solana_transaction::Transaction {
    let mut data = vec![2, 0, 0, 0];
    data.extend(n.to_le_bytes());
    let ix = solana_message::Instruction {
        program_id: Pubkey::default(),
        accounts: vec![
            solana_message::AccountMeta::new(from.pubkey(), true),
            solana_message::AccountMeta::new(*to, false),
        ],
        data,
    };
    let m = solana_message::Message::new_with_blockhash(&[ix], Some(&from.pubkey()), &bh);
    solana_transaction::Transaction::new(&[from], m, bh)
}
fn run(mode: BlockProductionMode, slot_ms: u64, name: &str) {
    let rt = tokio::runtime::Runtime::new().unwrap();
    let t0 = Instant::now();
    let mut net = rt.block_on(Surfnet::builder().offline(true).block_production_mode(mode).slot_time_ms(slot_ms).start()).unwrap();
    println!("== {name} started in {:?} {} {}", t0.elapsed(), net.rpc_url(), net.ws_url());
    let url = net.rpc_url().to_string();
    let payer = net.payer().insecure_clone();
    let c = RpcClient::new_with_commitment(url.clone(), CommitmentConfig::confirmed());
    println!("genesis {:?} version {:?}", c.get_genesis_hash(), c.get_version().map(|v| v.to_string()));
    let clk: Pubkey = "SysvarC1ock11111111111111111111111111111111".parse().unwrap();
    let sh: Pubkey = "SysvarS1otHashes111111111111111111111111111".parse().unwrap();
    let clock = || { let a = c.get_account(&clk).unwrap().data; (u64::from_le_bytes(a[0..8].try_into().unwrap()), i64::from_le_bytes(a[32..40].try_into().unwrap())) };
    let hashes = || { let a = c.get_account(&sh).unwrap().data; let n = u64::from_le_bytes(a[0..8].try_into().unwrap());
        let e: Vec<_> = (0..n.min(4) as usize).map(|i| { let o = 8 + i*40; (u64::from_le_bytes(a[o..o+8].try_into().unwrap()), solana_hash::Hash::new_from_array(a[o+8..o+40].try_into().unwrap()).to_string()) }).collect();
        let last = 8 + (n as usize -1)*40;
        (a.len(), n, u64::from_le_bytes(a[last..last+8].try_into().unwrap()), e) };
    let real = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
    println!("slot {:?} height {:?} lbh {:?}", c.get_slot(), c.get_block_height(), c.get_latest_blockhash_with_commitment(CommitmentConfig::confirmed()));
    println!("clock {:?} real {:.2}", clock(), real());
    println!("slothashes {:?}", hashes());
    let w = Instant::now();
    std::thread::sleep(Duration::from_secs(6));
    println!("after {:?}", w.elapsed());
    println!("slot {:?} height {:?} lbh {:?}", c.get_slot(), c.get_block_height(), c.get_latest_blockhash_with_commitment(CommitmentConfig::confirmed()));
    println!("clock {:?} real {:.2}", clock(), real());
    println!("slothashes {:?}", hashes());
    let to = Pubkey::new_unique();
    let mut lat = vec![]; let mut sendl = vec![];
    for i in 0..20u64 {
        let bh = c.get_latest_blockhash().unwrap();
        let tx = transfer(&payer, &to, 1_000_000 + i, bh);
        std::thread::sleep(Duration::from_millis((i * 37) % 400));
        let t = Instant::now();
        let sig = c.send_transaction(&tx).unwrap();
        sendl.push(t.elapsed().as_millis());
        loop {
            let st = c.get_signature_statuses(&[sig]).unwrap();
            if let Some(s) = &st.value[0] { if i < 2 { println!("status {s:?} context {}", st.context.slot); } break; }
            std::thread::sleep(Duration::from_millis(50));
            if t.elapsed() > Duration::from_secs(10) { println!("never confirmed"); break; }
        }
        lat.push(t.elapsed().as_millis());
    }
    lat.sort(); sendl.sort();
    println!("send ms {sendl:?}\nsend->confirmed ms {lat:?} p50 {}", lat[10]);
    println!("clock {:?} real {:.2} slot {:?}", clock(), real(), c.get_slot());
    for p in ["TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA","TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb","ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL","MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr","ComputeBudget111111111111111111111111111111","Ed25519SigVerify111111111111111111111111111"] {
        println!("{p} {:?}", c.get_account(&p.parse().unwrap()).map(|a| (a.executable, a.owner, a.data.len())).map_err(|e| e.to_string()));
    }
    println!("rent(165) {:?} {:?}", c.get_minimum_balance_for_rent_exemption(165), c.get_minimum_balance_for_rent_exemption(0));
    let pa: Result<serde_json::Value, _> = c.send(RpcRequest::GetProgramAccounts, serde_json::json!([Pubkey::default().to_string(), {"encoding":"base64","withContext":true,"filters":[{"dataSize":0}]}]));
    println!("gpa {:?}", pa.map(|v| v.to_string().chars().take(400).collect::<String>()).map_err(|e| e.to_string()));
    let bh = c.get_latest_blockhash().unwrap();
    let tx = transfer(&payer, &to, 7, bh);
    let sig = c.send_and_confirm_transaction(&tx).unwrap();
    let r: Result<serde_json::Value, _> = c.send(RpcRequest::GetTransaction, serde_json::json!([sig.to_string(), {"encoding":"base64","commitment":"confirmed","maxSupportedTransactionVersion":1}]));
    println!("gettx {:?}", r.map(|v| v.to_string()).map_err(|e| e.to_string()));
    let r2 = c.send_transaction(&tx);
    println!("resend same: {r2:?}");
    std::thread::sleep(Duration::from_millis(900));
    let r2 = c.send_transaction(&tx);
    println!("resend later: {r2:?}");
    let tx = transfer(&Keypair::new(), &to, 7, bh);
    println!("broke: {:?}", c.send_transaction(&tx));
    let tx = transfer(&payer, &to, 7, solana_hash::Hash::new_from_array([9; 32]));
    println!("bad blockhash: {:?}", c.send_transaction(&tx));
    let mut tx = transfer(&payer, &to, 8, bh); tx.signatures[0] = Default::default();
    println!("bad sig: {:?}", c.send_transaction(&tx));
    println!("nodes {:?}", c.get_cluster_nodes());
    println!("epoch {:?}", c.get_epoch_info());
    println!("events queued {}", net.events().len());
    let t = Instant::now();
    println!("stop {:?} in {:?}", net.stop(), t.elapsed());
}
#[test] fn clock400() { run(BlockProductionMode::Clock, 400, "clock 400") }
#[test] fn clock100() { run(BlockProductionMode::Clock, 100, "clock 100") }
#[test] fn transaction() { run(BlockProductionMode::Transaction, 400, "transaction 400") }
