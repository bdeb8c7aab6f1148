use tokio::time::{sleep, timeout};
use vestibule_session::handle::Handle;
use vestibule_session::record::fixture::RecordFixture;
use vestibule_session::store::Store as _;

use super::*;
use crate::provider::fake::ISSUER;
use crate::signin::rig::Rig;

/// Streams go by this machine's clock, so the session is made by it.
async fn session(rig: &Rig, number: u8, age: Duration) -> StoreKey {
    let key = Handle::from_entropy([number; 32]).store_key();
    let record = RecordFixture {
        provider: "main".to_owned(),
        issuer: ISSUER.to_owned(),
        ..RecordFixture::new("ann", rig.shared.now() - age)
    };
    rig.store.insert(&key, record.build()).await.unwrap();
    key
}

fn stream(rig: &Rig, key: StoreKey) -> Option<Body> {
    let teller = Teller {
        watch: rig.shared.watch_session(key),
        seat: Seat::take(&rig.shared, key)?,
        spoke: Instant::now(),
        known: None,
        announced: false,
        over: false,
    };
    Some(Body::stream(Events(Box::pin(teller.next()))))
}

async fn said(body: &mut Body) -> Option<String> {
    let piece = body.piece().await?.unwrap();
    Some(String::from_utf8(piece.to_vec()).unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_page_hears_at_once_that_its_session_ended_and_why() {
    let rig = Rig::new();
    for (number, why) in [
        EndReason::SignedOut,
        EndReason::Provider,
        EndReason::Revoked,
    ]
    .into_iter()
    .enumerate()
    {
        let key = session(&rig, number as u8, Duration::ZERO).await;
        let mut body = stream(&rig, key).unwrap();
        let first = said(&mut body).await.unwrap();
        assert!(
            first.starts_with("retry: 5000\nevent: session\ndata: {"),
            "{first}"
        );
        assert!(first.ends_with("}\n\n"), "{first}");
        let began = Instant::now();
        let end = async {
            sleep(Duration::from_secs(1)).await;
            rig.shared.end_session_because(&key, why).await.unwrap();
        };
        let (last, ()) = tokio::join!(said(&mut body), end);
        let expected = format!("event: ended\ndata: {{\"reason\":\"{}\"}}\n\n", why.code());
        assert_eq!(last.unwrap(), expected);
        assert_eq!(began.elapsed(), Duration::from_secs(1));
        assert_eq!(said(&mut body).await, None, "the stream ends cleanly");
    }
}

#[tokio::test(start_paused = true)]
async fn an_end_that_is_near_is_announced_and_taken_back_when_somebody_is_there() {
    let rig = Rig::new();
    let key = session(&rig, 1, Duration::from_secs(7200 - 100)).await;
    let mut body = stream(&rig, key).unwrap();
    let first = said(&mut body).await.unwrap();
    assert!(
        first.contains("event: ending") && first.contains("\"reason\":\"idle\""),
        "{first}"
    );
    rig.shared.store.touch(&key, rig.shared.now());
    let next = said(&mut body).await.unwrap();
    assert!(next.starts_with("event: session"), "{next}");
    // Nothing but signs of life from then on.
    assert_eq!(said(&mut body).await.unwrap(), ":\n\n");
}

#[tokio::test(start_paused = true)]
async fn what_runs_out_is_told_by_which_lifetime_even_if_it_was_swept() {
    let rig = Rig::new();
    let key = session(&rig, 1, Duration::from_secs(7200)).await;
    assert!(
        said(&mut stream(&rig, key).unwrap())
            .await
            .unwrap()
            .contains("\"idle\"")
    );
    let now = rig.shared.now();
    let ends = Ends {
        idle: now - Duration::from_secs(1),
        absolute: now + Duration::from_secs(9),
    };
    let teller = Teller {
        watch: rig.shared.watch_session(key),
        seat: Seat::take(&rig.shared, key).unwrap(),
        spoke: Instant::now(),
        known: Some(ends),
        announced: true,
        over: false,
    };
    assert_eq!(teller.reason(EndReason::Gone), EndReason::Idle);
    assert_eq!(teller.reason(EndReason::SignedOut), EndReason::SignedOut);
}

#[tokio::test(start_paused = true)]
async fn to_watch_is_no_use_of_the_session() {
    let rig = Rig::new();
    let key = session(&rig, 1, Duration::ZERO).await;
    let mut body = stream(&rig, key).unwrap();
    for _ in 0..10 {
        said(&mut body).await.unwrap();
    }
    assert!(!rig.log().contains(&"touch".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_cannot_be_asked_ends_no_stream() {
    let rig = Rig::new();
    let key = session(&rig, 1, Duration::ZERO).await;
    let mut body = stream(&rig, key).unwrap();
    said(&mut body).await.unwrap();
    rig.store.set_down(true);
    for _ in 0..5 {
        assert_eq!(said(&mut body).await.unwrap(), ":\n\n");
    }
}

#[tokio::test(start_paused = true)]
async fn streams_are_bounded_for_each_session_and_give_their_place_back() {
    let rig = Rig::new();
    let key = session(&rig, 1, Duration::ZERO).await;
    let other = session(&rig, 2, Duration::ZERO).await;
    let mut open: Vec<Body> = (0..MOST_OF_SESSION)
        .map(|_| stream(&rig, key).unwrap())
        .collect();
    assert!(stream(&rig, key).is_none());
    assert!(stream(&rig, other).is_some());
    open.pop();
    assert!(stream(&rig, key).is_some());
    drop(open);
    assert!(rig.shared.event_streams.open().of.is_empty());
    rig.shared.event_streams.open().all = MOST;
    assert!(stream(&rig, key).is_none());
    rig.shared.event_streams.open().all = 0;
}

#[tokio::test(start_paused = true)]
async fn streams_end_when_the_program_stops() {
    let rig = Rig::new();
    let key = session(&rig, 1, Duration::ZERO).await;
    let mut body = stream(&rig, key).unwrap();
    said(&mut body).await.unwrap();
    let began = Instant::now();
    let stop = async {
        sleep(Duration::from_secs(1)).await;
        rig.shared.stop();
    };
    let (last, ()) = tokio::join!(timeout(Duration::from_secs(2), said(&mut body)), stop);
    assert_eq!(last.unwrap(), None);
    assert_eq!(began.elapsed(), Duration::from_secs(1));
}
