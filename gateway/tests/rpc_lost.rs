//! The gateway's node goes away: first nobody answers, then somebody accepts and says nothing, then the node is back and
//! many blocks further. What is indexed is answered meanwhile, and afterwards the index equals a fresh one.

mod support;

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    time::Duration,
};

use proofmill_client::{compose::Emptying, market};
use proofmill_gateway::run::Gateway;
use solana_address::Address;
use solana_signer::Signer;
use support::{
    http::get,
    network::{Network, eventually, ready, settings},
};

/// What the way to the node does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Pass,
    /// Nobody listens.
    Refuse,
    /// Connections are taken; what is said on them waits.
    Stall,
}

/// A way to the node that can be cut.
struct Way {
    at: SocketAddr,
    to: SocketAddr,
    mode: Mutex<Mode>,
    open: Mutex<Vec<TcpStream>>,
}

impl Way {
    fn to(rpc_url: &str) -> Arc<Self> {
        let to = rpc_url.trim_start_matches("http://").trim_end_matches('/').parse().expect("an address");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let at = listener.local_addr().expect("an address");
        let way = Arc::new(Self { at, to, mode: Mutex::new(Mode::Pass), open: Mutex::default() });
        way.clone().listen(listener);
        way
    }

    fn mode(&self) -> Mode {
        *self.mode.lock().expect("a lock")
    }

    /// Changes what the way does. Whoever is cut off notices at once; whoever stalls goes on later.
    fn set(self: &Arc<Self>, mode: Mode) {
        let before = std::mem::replace(&mut *self.mode.lock().expect("a lock"), mode);
        if mode == Mode::Refuse {
            for stream in self.open.lock().expect("a lock").drain(..) {
                let _ = stream.shutdown(Shutdown::Both);
            }
            // Wakes the listener, which then closes.
            let _ = TcpStream::connect(self.at);
        }
        if before == Mode::Refuse {
            let listener = loop {
                match TcpListener::bind(self.at) {
                    Ok(listener) => break listener,
                    Err(_) => std::thread::sleep(Duration::from_millis(10)),
                }
            };
            self.clone().listen(listener);
        }
    }

    fn listen(self: Arc<Self>, listener: TcpListener) {
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if self.mode() == Mode::Refuse {
                    return;
                }
                let Ok(onward) = TcpStream::connect(self.to) else { continue };
                let both = [(&stream, &onward), (&onward, &stream)];
                for (from, to) in both.map(|(from, to)| (from.try_clone(), to.try_clone())) {
                    let (Ok(from), Ok(to), way) = (from, to, self.clone()) else { continue };
                    std::thread::spawn(move || way.pump(from, to));
                }
                self.open.lock().expect("a lock").extend([stream, onward]);
            }
        });
    }

    fn pump(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut bytes = [0; 16 * 1024];
        while let Ok(read @ 1..) = from.read(&mut bytes) {
            while self.mode() == Mode::Stall {
                std::thread::sleep(Duration::from_millis(20));
            }
            if to.write_all(&bytes[..read]).is_err() {
                break;
            }
        }
        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    }
}

/// A job that is posted, cancelled, collected and closed: only its events remain.
async fn come_and_gone(network: &Network, index: u64) -> Address {
    let tenant = network.wallet().await;
    let job = network.job(&tenant, index, [7; 32], [8; 32], None).await;
    let cancel = market::cancel_job(market::CancelJobAccounts { tenant: tenant.pubkey(), job });
    network.send(&tenant, vec![cancel]).await;
    let account = market::Job::decode(&network.account(job).await.expect("the job")).expect("a job");
    let (provider_owner, treasury) = (Address::default(), Address::default());
    let emptying = Emptying { address: job, job: &account, provider_owner, treasury };
    network.send(&tenant, vec![emptying.claim_refund(), emptying.close()]).await;
    job
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_lost_its_node_catches_up_to_a_fresh_one() {
    let network = Network::start().await;
    let way = Way::to(network.localnet.rpc_url());
    let folder = tempfile::tempdir().expect("a folder");
    let start = async |name: &str, url: String| {
        let mut settings = settings(&url, "", &folder.path().join(name));
        settings.ws_url = None;
        let gateway = Gateway::start(settings).await.expect("it starts");
        ready(&gateway).await;
        gateway
    };
    let gateway = start("cut", format!("http://{}", way.at)).await;
    let to = gateway.address;
    let errors = || gateway.app.metrics.feed_errors.load(std::sync::atomic::Ordering::Relaxed);
    let known = async |job: Address| {
        eventually("the job is indexed", async || (get(to, &format!("/v1/jobs/{job}")).status == 200).then_some(()))
            .await;
    };
    let party = network.provider("device").await;
    let offer = network.offer(&party, 0, 500).await;
    let tenant = network.wallet().await;
    let before = network.job(&tenant, 1, [7; 32], [1; 32], Some((&party, offer))).await;
    known(before).await;

    // Nobody answers, and the chain goes on.
    let so_far = errors();
    way.set(Mode::Refuse);
    let meanwhile = network.job(&tenant, 2, [7; 32], [1; 32], None).await;
    let gone = come_and_gone(&network, 3).await;
    eventually("the feed notices", async || (errors() > so_far).then_some(())).await;
    assert_eq!(get(to, &format!("/v1/jobs/{before}")).status, 200, "what is indexed is answered");
    assert_eq!(get(to, &format!("/v1/jobs/{meanwhile}")).status, 404, "and nothing is made up");

    // Somebody accepts and says nothing, and the chain goes on.
    way.set(Mode::Stall);
    let cancel = market::cancel_job(market::CancelJobAccounts { tenant: tenant.pubkey(), job: meanwhile });
    network.send(&tenant, vec![cancel]).await;
    let gone_too = come_and_gone(&network, 4).await;
    let slot = network.localnet.chain();
    let reached = proofmill_chain::Chain::clock(slot.as_ref()).await.expect("a clock").slot;
    eventually("the chain is many blocks further", async || {
        let now = proofmill_chain::Chain::clock(slot.as_ref()).await.expect("a clock").slot;
        (now > reached + 40).then_some(())
    })
    .await;
    assert_eq!(get(to, "/v1/network").status, 200, "a node that stalls stalls nobody else");
    assert_eq!(get(to, &format!("/v1/jobs/{gone}")).status, 404);

    // Back. Everything that happened is there, and a gateway that was never cut says the same.
    way.set(Mode::Pass);
    for job in [meanwhile, gone, gone_too] {
        known(job).await;
    }
    let after = network.job(&tenant, 5, [7; 32], [1; 32], None).await;
    known(after).await;
    let fresh = start("fresh", network.localnet.rpc_url().to_owned()).await;
    eventually("both say the same", async || {
        let (one, two) = (gateway.app.store.dump().await.ok()?, fresh.app.store.dump().await.ok()?);
        let accounts = gateway.app.model().dump() == fresh.app.model().dump();
        (one == two && accounts).then_some(())
    })
    .await;
    for job in [gone, gone_too] {
        let closed = get(to, &format!("/v1/jobs/{job}")).json();
        assert_eq!((&closed["closed"], &closed["outcome"]), (&true.into(), &"cancelled".into()));
    }
    fresh.stop().await;
    gateway.stop().await;
    network.localnet.stop().await.expect("it ends");
}
