use std::future::poll_fn;
use std::task::Poll;

use bytes::Bytes;
use tokio::time::{Instant, timeout};
use vestibule_session::handle::Handle;
use vestibule_session::record::fixture::RecordFixture;
use vestibule_session::store::Store as _;

use super::*;
use crate::body::{Body, BodyError, ByteStream};
use crate::provider::fake::ISSUER;
use crate::signin::rig::Rig;

const LONG: Duration = Duration::from_secs(3600);

const SOON: Duration = Duration::from_secs(1);

/// Watchers go by this machine's clock, so the session is made now.
async fn signed_in(rig: &Rig, number: u8, subject: &str) -> StoreKey {
    let key = Handle::from_entropy([number; 32]).store_key();
    let record = RecordFixture {
        provider: "main".to_owned(),
        issuer: ISSUER.to_owned(),
        ..RecordFixture::new(subject, rig.shared.now())
    };
    rig.store.insert(&key, record.build()).await.unwrap();
    key
}

#[tokio::test(start_paused = true)]
async fn whoever_watches_a_session_hears_of_its_end_at_once() {
    let rig = Rig::new();
    let (key, other) = (
        signed_in(&rig, 1, "ann").await,
        signed_in(&rig, 2, "ann").await,
    );
    let watchers = [rig.shared.session_end(key), rig.shared.session_end(key)];
    let mut stays = rig.shared.session_end(other);
    let began = Instant::now();
    let heard = async {
        tokio::join!(join_all(watchers), async {
            rig.shared.end_session(&key).await.unwrap()
        })
    };
    let (_, was_there) = heard.await;
    assert!(was_there);
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert!(timeout(Duration::from_secs(600), &mut stays).await.is_err());
    drop(stays);
    assert!(rig.shared.endings.watched().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_lives_by_a_session_whose_provider_is_taken_out_is_cut_at_the_next_look() {
    let rig = Rig::new();
    let key = signed_in(&rig, 1, "ann").await;
    let mut ended = rig.shared.session_end(key);
    assert!(timeout(LOOK_INTERVAL * 3, &mut ended).await.is_err());
    rig.reload(vec![crate::provider::fake::plan("corp")]);
    assert!(timeout(LOOK_INTERVAL + SOON, ended).await.is_ok());
}

/// What another process removed, nobody here is told of.
#[tokio::test(start_paused = true)]
async fn an_end_that_nobody_tells_is_noticed_at_the_next_look() {
    let rig = Rig::new();
    let key = signed_in(&rig, 1, "ann").await;
    let mut ended = rig.shared.session_end(key);
    assert!(timeout(LOOK_INTERVAL * 3, &mut ended).await.is_err());
    rig.shared.store.remove(&key).await.unwrap();
    let began = Instant::now();
    ended.await;
    assert!(began.elapsed() <= LOOK_INTERVAL);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_ended_before_it_was_watched_is_over() {
    let rig = Rig::new();
    let key = signed_in(&rig, 1, "ann").await;
    rig.shared.end_session(&key).await.unwrap();
    timeout(SOON, rig.shared.session_end(key)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_store_that_cannot_be_asked_ends_nothing() {
    let rig = Rig::new();
    let key = signed_in(&rig, 1, "ann").await;
    let mut ended = rig.shared.session_end(key);
    rig.store.set_down(true);
    assert!(timeout(LONG, &mut ended).await.is_err());
    // But the one who was signed out is told, whatever became of the removal.
    assert!(rig.shared.end_session(&key).await.is_err());
    timeout(SOON, ended).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn all_sessions_of_somebody_end_and_nobody_elses() {
    let rig = Rig::new();
    let mut anns = Vec::new();
    for number in 1..=3 {
        anns.push(signed_in(&rig, number, "ann").await);
    }
    let bob = signed_in(&rig, 4, "bob").await;
    let watchers: Vec<Ended> = anns
        .iter()
        .map(|key| rig.shared.session_end(*key))
        .collect();
    let whose = Whose::subject(ISSUER, "ann");
    assert_eq!(
        rig.shared
            .end_sessions_of(&whose, Said::Proven, EndReason::Provider, rig.now())
            .await
            .unwrap(),
        3
    );
    timeout(SOON, join_all(watchers)).await.unwrap();
    assert_eq!(
        rig.shared
            .end_sessions_of(&whose, Said::Proven, EndReason::Provider, rig.now())
            .await
            .unwrap(),
        0
    );
    assert!(rig.shared.store.load(&bob).await.unwrap().is_some());
    rig.store.set_down(true);
    assert!(
        rig.shared
            .end_sessions_of(&whose, Said::Proven, EndReason::Provider, rig.now())
            .await
            .is_err()
    );
}

/// Sends "a", and then nothing for ever.
struct Events(bool);

impl ByteStream for Events {
    fn poll_piece(
        mut self: Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> Poll<Option<Result<Bytes, BodyError>>> {
        match std::mem::take(&mut self.0) {
            true => Poll::Ready(Some(Ok(Bytes::from_static(b"a")))),
            false => Poll::Pending,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_stream_breaks_off_when_its_session_ends() {
    let rig = Rig::new();
    let key = signed_in(&rig, 1, "ann").await;
    let mut body = until(rig.shared.session_end(key), Body::stream(Events(true)));
    assert_eq!(body.piece().await.unwrap().unwrap(), "a");
    assert!(timeout(LONG, body.piece()).await.is_err());
    let (piece, _) = tokio::join!(
        poll_fn(|cx| body.poll_piece(cx)),
        rig.shared.end_session(&key)
    );
    assert_eq!(piece, Some(Err(BodyError::Aborted)));
}

#[tokio::test(start_paused = true)]
async fn an_event_stream_that_ends_by_itself_ends_cleanly() {
    let rig = Rig::new();
    let key = signed_in(&rig, 1, "ann").await;
    let body = until(rig.shared.session_end(key), Body::from("all of it"));
    assert_eq!(body.collect(100).await.unwrap(), "all of it");
}

#[tokio::test(start_paused = true)]
async fn a_watcher_hears_why_a_session_ended() {
    let rig = Rig::new();
    let now = rig.shared.now();
    for (number, why) in [EndReason::SignedOut, EndReason::Replaced]
        .into_iter()
        .enumerate()
    {
        let key = signed_in(&rig, number as u8, "ann").await;
        let mut watch = rig.shared.watch_session(key);
        assert!(watch.look().await.unwrap().is_some());
        rig.shared.end_session_because(&key, why).await.unwrap();
        assert_eq!(watch.look().await.unwrap_err(), why);
    }
    // Nobody told: by what is there.
    for (number, age, why) in [
        (10, 7200, EndReason::Idle),
        (11, 100_000, EndReason::Expired),
    ] {
        let key = Handle::from_entropy([number; 32]).store_key();
        let made = now - Duration::from_secs(age);
        let record = RecordFixture {
            provider: "main".to_owned(),
            issuer: ISSUER.to_owned(),
            ..RecordFixture::new("ann", made)
        };
        rig.store.insert(&key, record.build()).await.unwrap();
        assert_eq!(rig.shared.watch_session(key).look().await.unwrap_err(), why);
    }
    let unknown = Handle::from_entropy([12; 32]).store_key();
    let gone = rig.shared.watch_session(unknown).look().await;
    assert_eq!(gone.unwrap_err(), EndReason::Gone);
}
