//! Commitments and reveals between validators: each serves its signed commitment once its answer is on record, and its
//! reveal once nobody commits any more; the one whose turn it is asks the others for theirs. What comes is checked
//! against the vote key, and a reveal against the commitment on chain too, before it is taken along, so that a peer can
//! withhold and nothing else.

use std::{
    collections::BTreeMap,
    fs, io,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use ed25519_dalek::{Signature, VerifyingKey};
use proofmill_client::arbiter;
use proofmill_dataplane::{BlobKind, BlobName, Handler, Node, PeerAddr, Refusal, RefusalCode, Sink, Source, Staged};
use proofmill_oracle_core::{COMMITMENT_LEN, REVEAL_LEN, SeatCommitment, SeatReveal};
use proofmill_protocol::{
    attestation::{Attestation, Commitment},
    envelope::{Kind, envelope},
    ids::ValidatorKey,
    sha256,
};
use solana_address::Address;
use tokio::{task::JoinSet, time::timeout};

use crate::limits::{GATHER_AGAIN_EVERY, GATHER_FOR};

/// Something that is served.
#[derive(Clone)]
struct Offer {
    path: PathBuf,
    len: u64,
    hash: [u8; 32],
}

/// By name.
type Offers = BTreeMap<BlobName, Offer>;

/// What this validator serves: its commitments and reveals. Clones share it.
#[derive(Clone)]
pub struct Exchange {
    folder: PathBuf,
    offers: Arc<Mutex<Offers>>,
}

/// What a peer serves of a round, under the name of something of a job: the round is in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    /// A commitment, under the name of a specification: it comes first.
    Commitment,
    /// A reveal, under the name of a receipt.
    Reveal,
}

impl Piece {
    fn name(self, round: &Address, attempt: u16) -> BlobName {
        let kind = match self {
            Self::Commitment => BlobKind::Spec,
            Self::Reveal => BlobKind::Receipt,
        };
        BlobName { job: round.to_bytes(), attempt, kind }
    }

    const fn len(self) -> u64 {
        match self {
            Self::Commitment => COMMITMENT_LEN as u64,
            Self::Reveal => REVEAL_LEN as u64,
        }
    }
}

impl Exchange {
    /// An exchange that keeps what it serves in `folder`.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, offers: Arc::default() }
    }

    /// Serves a commitment from now on. The caller has recorded what it hides.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn offer_commitment(&self, round: &Address, attempt: u16, commitment: &SeatCommitment) -> io::Result<()> {
        self.offer_piece(Piece::Commitment, round, attempt, &commitment.encode())
    }

    /// Serves a reveal from now on. The caller knows that nobody commits any more.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn offer(&self, round: &Address, attempt: u16, reveal: &SeatReveal) -> io::Result<()> {
        self.offer_piece(Piece::Reveal, round, attempt, &reveal.encode())
    }

    /// Serves these bytes under this name from now on.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn offer_bytes(&self, name: BlobName, bytes: &[u8]) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let path = self.folder.join(format!("{}-{}", hex::encode(name.job), name.kind.code()));
        fs::write(&path, bytes)?;
        let len = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.lock().insert(name, Offer { path, len, hash: *blake3::hash(bytes).as_bytes() });
        Ok(())
    }

    /// Serves nothing under this name any more.
    pub fn withdraw_bytes(&self, name: &BlobName) {
        let removed = self.lock().remove(name);
        if let Some(offer) = removed
            && let Err(error) = fs::remove_file(&offer.path)
        {
            tracing::warn!(path = %offer.path.display(), %error, "what was served could not be removed");
        }
    }

    fn offer_piece(&self, piece: Piece, round: &Address, attempt: u16, bytes: &[u8]) -> io::Result<()> {
        let name = piece.name(round, attempt);
        fs::create_dir_all(&self.folder)?;
        let path = self.folder.join(format!("{round}-{attempt}-{}", name.kind.code()));
        fs::write(&path, bytes)?;
        self.lock().insert(name, Offer { path, len: piece.len(), hash: *blake3::hash(bytes).as_bytes() });
        Ok(())
    }

    /// Serves nothing of a round any more.
    pub fn withdraw(&self, round: &Address, attempt: u16) {
        for piece in [Piece::Commitment, Piece::Reveal] {
            self.withdraw_bytes(&piece.name(round, attempt));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Offers> {
        self.offers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Handler for Exchange {
    /// Anyone may have it: it is about to be public.
    async fn open_get(&self, _peer: [u8; 32], name: &BlobName, _offset: u64) -> Result<Source, Refusal> {
        let found = self.lock().get(name).cloned();
        let offer = found.ok_or_else(|| Refusal::new(RefusalCode::NotFound, "nothing of this round is served"))?;
        Ok(Source::File { path: offer.path, len: offer.len, hash: offer.hash })
    }

    async fn begin_put(&self, _: [u8; 32], _: &BlobName, _: u64, _: [u8; 32]) -> Result<Sink, Refusal> {
        Err(Refusal::new(RefusalCode::NotAllowed, "a validator takes nothing"))
    }

    async fn finish_put(&self, _: [u8; 32], _: &BlobName, _: Staged) -> Result<(), Refusal> {
        Err(Refusal::new(RefusalCode::NotAllowed, "a validator takes nothing"))
    }
}

/// A socket as the roster keeps it.
pub fn endpoint_of(addr: SocketAddr) -> [u8; 18] {
    let ip = match addr.ip() {
        IpAddr::V4(ip) => ip.to_ipv6_mapped(),
        IpAddr::V6(ip) => ip,
    };
    let mut out = [0u8; 18];
    out[..16].copy_from_slice(&ip.octets());
    out[16..].copy_from_slice(&addr.port().to_le_bytes());
    out
}

/// The socket that the roster keeps, if it is one that can be dialled.
pub fn addr_of(endpoint: &[u8; 18]) -> Option<SocketAddr> {
    let (ip, port) = endpoint.split_first_chunk::<16>()?;
    let port = u16::from_le_bytes(*port.first_chunk()?);
    let ip = Ipv6Addr::from(*ip);
    let ip = ip.to_ipv4_mapped().map_or(IpAddr::V6(ip), IpAddr::V4);
    (port != 0 && !ip.is_unspecified() && !ip.is_multicast()).then(|| SocketAddr::new(ip, port))
}

/// A seat that is asked for its commitment or its reveal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Its seat.
    pub seat: u8,
    /// Whose seat it is.
    pub identity: [u8; 32],
    /// The key that signs for it, in the round's set.
    pub vote_key: [u8; 32],
    /// What it committed to.
    pub commitment: [u8; 32],
    /// Where its node is.
    pub peer: PeerAddr,
}

/// The seats of a round among `open` that can be reached, without the own one.
pub fn reachable(
    round: &arbiter::Round,
    set: &arbiter::ValidatorSet,
    roster: &arbiter::Roster,
    open: u16,
    own: u8,
) -> Vec<Asked> {
    let seats = round.seats.min(u8::try_from(round.committee.len()).unwrap_or(u8::MAX));
    let lacking = (0..seats).filter(|seat| *seat != own && open & (1 << seat) != 0);
    lacking
        .filter_map(|seat| {
            let member = usize::from(*round.committee.get(usize::from(seat))?);
            let identity = *set.identities.get(member)?;
            let known =
                roster.identities.iter().take(usize::from(roster.count)).position(|known| *known == identity)?;
            let addr = addr_of(roster.endpoints.get(known)?)?;
            Some(Asked {
                seat,
                identity,
                vote_key: *set.vote_keys.get(member)?,
                commitment: *round.seat_commitments.get(usize::from(seat))?,
                peer: PeerAddr { key: *roster.vote_keys.get(known)?, addr },
            })
        })
        .collect()
}

/// Whether a served reveal is the one that the seat committed to, rightly signed.
pub fn holds(reveal: &SeatReveal, asked: &Asked, question: &Attestation) -> bool {
    let body = reveal.attestation(question, asked.identity);
    if reveal.seat != asked.seat || !reveal.opens(&body, &asked.commitment) {
        return false;
    }
    let message = envelope(Kind::Attestation, &sha256(&[&body.encode()]));
    VerifyingKey::from_bytes(&asked.vote_key)
        .is_ok_and(|key| key.verify_strict(&message, &Signature::from_bytes(&reveal.signature)).is_ok())
}

/// The signed body of a commitment in the round of `answer`.
pub fn commitment_body(answer: &Attestation, validator: [u8; 32], commitment: [u8; 32]) -> Commitment {
    Commitment {
        domain: answer.domain,
        job: answer.job,
        attempt: answer.attempt,
        round: answer.round,
        nonce: answer.nonce,
        epoch: answer.epoch,
        validator: ValidatorKey(validator),
        commitment,
    }
}

/// Whether a served commitment is its seat's, rightly signed. What it hides only its reveal shows.
pub fn binds(commitment: &SeatCommitment, asked: &Asked, question: &Attestation) -> bool {
    let body = commitment_body(question, asked.identity, commitment.commitment);
    let message = envelope(Kind::Commitment, &sha256(&[&body.encode()]));
    commitment.seat == asked.seat
        && VerifyingKey::from_bytes(&asked.vote_key)
            .is_ok_and(|key| key.verify_strict(&message, &Signature::from_bytes(&commitment.signature)).is_ok())
}

/// Asks every seat at once for its commitment and returns what came in time and binds.
pub async fn gather_commitments(
    node: &Node,
    round: Address,
    asked: Vec<Asked>,
    question: &Attestation,
) -> Vec<SeatCommitment> {
    let read = |bytes: &[u8], one: &Asked| SeatCommitment::decode(bytes).filter(|found| binds(found, one, question));
    let mut out = gather_pieces(node, Piece::Commitment, round, question.attempt, asked, read).await;
    out.sort_unstable_by_key(|commitment| commitment.seat);
    out
}

/// Asks every seat at once for its reveal and returns what came in time and holds.
pub async fn gather(node: &Node, round: Address, asked: Vec<Asked>, question: &Attestation) -> Vec<SeatReveal> {
    let read = |bytes: &[u8], one: &Asked| SeatReveal::decode(bytes).filter(|found| holds(found, one, question));
    let mut out = gather_pieces(node, Piece::Reveal, round, question.attempt, asked, read).await;
    out.sort_unstable_by_key(|reveal| reveal.seat);
    out
}

async fn gather_pieces<T>(
    node: &Node,
    piece: Piece,
    round: Address,
    attempt: u16,
    asked: Vec<Asked>,
    read: impl Fn(&[u8], &Asked) -> Option<T>,
) -> Vec<T> {
    let mut asking = JoinSet::new();
    for one in asked {
        let node = node.clone();
        asking.spawn(async move {
            let mut said = format!("no answer within {GATHER_FOR:?}");
            // A peer that is ready a moment later serves a moment later: it is asked again.
            let fetch = async {
                loop {
                    let answer = async {
                        let peer = node.connect(one.peer).await?;
                        peer.get_bytes(&piece.name(&round, attempt), piece.len()).await
                    };
                    match answer.await {
                        Ok(bytes) => return bytes,
                        Err(error) => said = error.to_string(),
                    }
                    tokio::time::sleep(GATHER_AGAIN_EVERY).await;
                }
            };
            let served = timeout(GATHER_FOR, fetch).await;
            (one, served.map_err(|_| said))
        });
    }
    let mut out = Vec::new();
    while let Some(answer) = asking.join_next().await {
        let Ok((one, answer)) = answer else { continue };
        let reason = match answer {
            Ok(bytes) => match read(&bytes, &one) {
                Some(found) => {
                    out.push(found);
                    continue;
                }
                None => "it is not that seat's, or not what it committed to".to_owned(),
            },
            Err(said) => said,
        };
        tracing::info!(%round, seat = one.seat, ?piece, reason, "not taken along; the seat sends its own");
    }
    out
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer as _, SigningKey};
    use proofmill_dataplane::NodeConfig;
    use proofmill_oracle_core::commitment;
    use proofmill_protocol::{
        ids::{Domain, JobKey, ValidatorKey},
        verdict::Opinion,
    };

    use super::*;

    fn question() -> Attestation {
        Attestation {
            domain: Domain([1; 32]),
            job: JobKey([2; 32]),
            attempt: 1,
            round: 1,
            opinion: Opinion::Valid,
            confirmed_executors: 1,
            nonce: 3,
            epoch: 4,
            receipt_hash: [5; 32],
            output_root: [6; 32],
            validator: ValidatorKey([7; 32]),
        }
    }

    /// A peer's reveal, and how it is asked for.
    fn revealed(seat: u8, peer: PeerAddr) -> (SeatReveal, Asked) {
        let vote = SigningKey::from_bytes(&[seat; 32]);
        let body = Attestation { validator: ValidatorKey([100 + seat; 32]), ..question() };
        let reveal = SeatReveal {
            seat,
            opinion: body.opinion,
            confirmed_executors: 1,
            output_root: body.output_root,
            salt: [9; 32],
            signature: vote.sign(&envelope(Kind::Attestation, &sha256(&[&body.encode()]))).to_bytes(),
        };
        let asked = Asked {
            seat,
            identity: [100 + seat; 32],
            vote_key: vote.verifying_key().to_bytes(),
            commitment: commitment(&body, &[9; 32]),
            peer,
        };
        (reveal, asked)
    }

    #[test]
    fn endpoints_survive_the_roster() {
        for text in ["127.0.0.1:9", "[::1]:65535", "203.0.113.7:443"] {
            let addr: SocketAddr = text.parse().unwrap();
            assert_eq!(addr_of(&endpoint_of(addr)), Some(addr));
        }
        assert_eq!(addr_of(&[0; 18]), None);
        assert_eq!(addr_of(&endpoint_of("0.0.0.0:9".parse().unwrap())), None);
        assert_eq!(addr_of(&endpoint_of("127.0.0.1:0".parse().unwrap())), None);
    }

    #[test]
    fn only_what_was_committed_to_and_signed_is_taken_along() {
        let nowhere = PeerAddr { key: [0; 32], addr: "127.0.0.1:9".parse().unwrap() };
        let (right, asked) = revealed(1, nowhere);
        assert!(holds(&right, &asked, &question()));
        let mut signature = right.signature;
        signature[5] ^= 1;
        for wrong in [
            SeatReveal { seat: 2, ..right },
            SeatReveal { opinion: Opinion::Invalid, ..right },
            SeatReveal { confirmed_executors: 0, ..right },
            SeatReveal { output_root: [0; 32], ..right },
            SeatReveal { salt: [8; 32], ..right },
            SeatReveal { signature, ..right },
        ] {
            assert!(!holds(&wrong, &asked, &question()), "{wrong:?}");
        }
        assert!(!holds(&right, &Asked { vote_key: [2; 32], ..asked }, &question()));
    }

    /// A peer's signed commitment, and how it is asked for.
    fn committed(seat: u8, peer: PeerAddr) -> (SeatCommitment, Asked) {
        let (reveal, asked) = revealed(seat, peer);
        let body = commitment_body(&question(), asked.identity, asked.commitment);
        let vote = SigningKey::from_bytes(&[seat; 32]);
        let signature = vote.sign(&envelope(Kind::Commitment, &sha256(&[&body.encode()]))).to_bytes();
        (SeatCommitment { seat: reveal.seat, commitment: asked.commitment, signature }, asked)
    }

    #[test]
    fn only_a_commitment_that_its_seat_signed_for_this_round_is_taken_along() {
        let nowhere = PeerAddr { key: [0; 32], addr: "127.0.0.1:9".parse().unwrap() };
        let (right, asked) = committed(1, nowhere);
        assert!(binds(&right, &asked, &question()));
        let mut signature = right.signature;
        signature[5] ^= 1;
        for wrong in [
            SeatCommitment { seat: 2, ..right },
            SeatCommitment { commitment: [0; 32], ..right },
            SeatCommitment { signature, ..right },
            // An attestation's signature is no commitment's.
            SeatCommitment { signature: revealed(1, nowhere).0.signature, ..right },
        ] {
            assert!(!binds(&wrong, &asked, &question()), "{wrong:?}");
        }
        assert!(!binds(&right, &Asked { vote_key: [2; 32], ..asked }, &question()));
        assert!(!binds(&right, &Asked { identity: [2; 32], ..asked }, &question()));
        for other in [
            Attestation { round: 2, ..question() },
            Attestation { attempt: 2, ..question() },
            Attestation { nonce: 4, ..question() },
            Attestation { epoch: 5, ..question() },
            Attestation { domain: Domain([9; 32]), ..question() },
        ] {
            assert!(!binds(&right, &asked, &other), "{other:?}");
        }
    }

    /// A commitment and a reveal of one round are served side by side and never one for the other; a peer that is silent
    /// or lies is left out and nothing else.
    #[tokio::test]
    async fn peers_serve_their_commitment_before_their_reveal() {
        let dir = tempfile::tempdir().unwrap();
        let local: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let (round, question) = (Address::new_from_array([3; 32]), question());
        let asking = Node::bind(NodeConfig::offline([10; 32], local)).await.unwrap();
        let (mut asked, mut peers) = (Vec::new(), Vec::new());
        for seat in 1..=3u8 {
            let node = Node::bind(NodeConfig::offline([20 + seat; 32], local)).await.unwrap();
            let exchange = Exchange::new(dir.path().join(seat.to_string()));
            node.serve(Arc::new(exchange.clone())).unwrap();
            let (commitment, ask) = committed(seat, node.peer_addr());
            asked.push(ask);
            peers.push((node, exchange, commitment));
        }
        peers[0].1.offer_commitment(&round, 1, &peers[0].2).unwrap();
        // The second serves another's.
        peers[1].1.offer_commitment(&round, 1, &peers[0].2).unwrap();
        assert_eq!(gather_commitments(&asking, round, asked.clone(), &question).await, [peers[0].2]);
        assert_eq!(gather(&asking, round, asked.clone(), &question).await, [], "no reveal is served yet");
        let (reveal, _) = revealed(1, peers[0].0.peer_addr());
        peers[0].1.offer(&round, 1, &reveal).unwrap();
        assert_eq!(gather(&asking, round, asked.clone(), &question).await, [reveal]);
        assert_eq!(gather_commitments(&asking, round, asked.clone(), &question).await, [peers[0].2]);
        peers[0].1.withdraw(&round, 1);
        peers[1].1.withdraw(&round, 1);
        assert_eq!(gather_commitments(&asking, round, asked, &question).await, []);
    }

    #[tokio::test]
    async fn peers_serve_their_reveal_and_nothing_before_it() {
        let dir = tempfile::tempdir().unwrap();
        let local: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let (round, question) = (Address::new_from_array([3; 32]), question());
        let asking = Node::bind(NodeConfig::offline([10; 32], local)).await.unwrap();
        let mut asked = Vec::new();
        let mut peers = Vec::new();
        for seat in 1..=3u8 {
            let node = Node::bind(NodeConfig::offline([20 + seat; 32], local)).await.unwrap();
            let exchange = Exchange::new(dir.path().join(seat.to_string()));
            node.serve(Arc::new(exchange.clone())).unwrap();
            let (reveal, ask) = revealed(seat, node.peer_addr());
            asked.push(ask);
            peers.push((node, exchange, reveal));
        }
        assert_eq!(gather(&asking, round, asked.clone(), &question).await, [], "nobody serves yet");
        peers[0].1.offer(&round, 1, &peers[0].2).unwrap();
        // The second serves what it did not commit to.
        peers[1].1.offer(&round, 1, &SeatReveal { salt: [0; 32], ..peers[1].2 }).unwrap();
        peers[2].1.offer(&round, 1, &peers[2].2).unwrap();
        assert_eq!(gather(&asking, round, asked.clone(), &question).await, [peers[0].2, peers[2].2]);
        // One that begins to serve while it is asked is heard.
        peers[1].1.withdraw(&round, 1);
        let (late, reveal) = (peers[1].1.clone(), peers[1].2);
        let serving = tokio::spawn(async move {
            tokio::time::sleep(GATHER_FOR / 4).await;
            late.offer(&round, 1, &reveal).unwrap();
        });
        let all = gather(&asking, round, asked.clone(), &question).await;
        assert_eq!(all, [peers[0].2, peers[1].2, peers[2].2]);
        serving.await.unwrap();
        peers[1].1.withdraw(&round, 1);
        peers[0].1.withdraw(&round, 1);
        peers[2].0.close().await;
        assert_eq!(gather(&asking, round, asked, &question).await, [], "whoever is gone is not waited for");
    }
}
