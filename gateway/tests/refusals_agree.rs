//! An explained refusal is the program's own: what `POST /v1/match` says fails first is what the program refuses.

mod support;

use proofmill_client::{
    compose::{self, Take},
    market::{self, MarketError},
};
use proofmill_gateway::run::Gateway;
use serde_json::{Value, json};
use solana_signer::Signer;
use support::{
    http::post,
    network::{Network, eventually, ready, settings},
};

fn terms(index: u64) -> market::JobTerms {
    market::JobTerms {
        index,
        spec_hash: [1; 32],
        image_digest: [2; 32],
        input_root: [3; 32],
        tenant_node_key: [4; 32],
        price_ceiling_per_second: 1_000,
        max_seconds: 60,
        vram_mib: 8_192,
        certificate_age_seconds_max: 0,
        sla_bond: 0,
        auction_seconds: 0,
        region: 0,
        uptime_bps: 0,
        sla_uptime_bps: 0,
        attempts_max: 1,
        kind: 1,
        class: 1,
        tier: 0,
        gpu_count: 1,
        allow_simulated: 1,
    }
}

fn snake_case(name: &str) -> String {
    let mut out = String::new();
    for (at, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && at > 0 {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

#[tokio::test(flavor = "multi_thread")]
async fn an_explained_refusal_is_the_one_that_the_program_gives() {
    let network = Network::start().await;
    let party = network.provider("device").await;
    let offer = network.offer(&party, 0, 500).await;
    let tenant = network.wallet().await;
    let folder = tempfile::tempdir().expect("a folder");
    let settings = settings(network.localnet.rpc_url(), network.localnet.ws_url(), folder.path());
    let gateway = Gateway::start(settings).await.expect("it starts");
    ready(&gateway).await;

    type Change = fn(&mut market::JobTerms);
    let cases: [(&str, Change); 9] = [
        ("", |_| {}),
        ("vram", |terms| terms.vram_mib = 80_000),
        ("gpus", |terms| terms.gpu_count = 4),
        ("tier", |terms| terms.tier = 3),
        ("region", |terms| terms.region = 276),
        ("price", |terms| terms.price_ceiling_per_second = 100),
        ("simulated", |terms| terms.allow_simulated = 0),
        ("certificate", |terms| terms.certificate_age_seconds_max = 3_600),
        ("length", |terms| terms.max_seconds = 7_200),
    ];
    for (number, (what, change)) in cases.into_iter().enumerate() {
        let mut terms = terms(number as u64 + 1);
        change(&mut terms);
        let tiers = ["any", "consumer", "prosumer", "datacenter"];
        let wanted = json!({
            "mint": network.payment.mint.to_string(), "gpu_count": terms.gpu_count, "vram_mib": terms.vram_mib,
            "tier": tiers[usize::from(terms.tier)], "region": terms.region, "uptime_bps": terms.uptime_bps,
            "certificate_age_seconds_max": terms.certificate_age_seconds_max,
            "price_ceiling_per_second": terms.price_ceiling_per_second.to_string(), "max_seconds": terms.max_seconds,
            "allow_simulated": terms.allow_simulated == 1
        });
        let explained: Value = eventually("the offer is explained", async || {
            let answer = post(gateway.address, "/v1/match", &[], &wanted).json();
            let known = !answer["matches"].as_array()?.is_empty() || !answer["refused"].as_array()?.is_empty();
            known.then_some(answer)
        })
        .await;
        let take = Take { offer, provider: party.provider, owner: party.owner.pubkey() };
        let (_, all) = compose::post_and_take(tenant.pubkey(), network.payment, terms, Some(take));
        let refused = network.try_send(&tenant, all).await.err().map(|error| {
            let code = error.custom_code().unwrap_or_else(|| panic!("{what}: {error}"));
            snake_case(MarketError::from_code(code).expect("the market's error").name())
        });
        let first = explained["refused"][0]["failing"][0]["requirement"].as_str().map(str::to_owned);
        assert_eq!(first, refused, "{what}: {explained}");
    }
    gateway.stop().await;
    network.localnet.stop().await.expect("it ends");
}
