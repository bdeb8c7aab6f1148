use std::future::poll_fn;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::time::timeout;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn limits() -> Limits {
    Limits {
        head: 10 * SECOND,
        idle: 75 * SECOND,
        write_stall: 30 * SECOND,
        ..Limits::default()
    }
}

fn paced() -> (Paced<DuplexStream>, DuplexStream, Arc<Pace>) {
    let (ours, theirs) = duplex(64);
    let pace = Pace::new(limits());
    (Paced::new(ours, Arc::clone(&pace)), theirs, pace)
}

/// After how many seconds a read fails; reads bytes until then.
async fn read_fails_after(stream: &mut Paced<DuplexStream>) -> Option<u64> {
    let start = Instant::now();
    let read = async {
        loop {
            match stream.read_u8().await {
                Ok(_) => {}
                Err(error) => break error.kind(),
            }
        }
    };
    match timeout(500 * SECOND, read).await {
        Ok(io::ErrorKind::TimedOut) => Some(start.elapsed().as_secs()),
        Ok(other) => panic!("{other}"),
        Err(_) => None,
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_connection_has_one_head_deadline_however_its_bytes_drip() {
    let (mut stream, mut client, _) = paced();
    let drip = async {
        loop {
            client.write_u8(b'x').await.unwrap();
            tokio::time::sleep(SECOND).await;
        }
    };
    tokio::select! {
        after = read_fails_after(&mut stream) => assert_eq!(after, Some(10)),
        () = drip => {}
    }
}

#[tokio::test(start_paused = true)]
async fn a_busy_connection_has_no_read_deadline() {
    let (mut stream, _client, pace) = paced();
    pace.busy();
    assert_eq!(read_fails_after(&mut stream).await, None);
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_may_wait_longer_and_its_next_head_may_not() {
    let (mut stream, _client, pace) = paced();
    pace.busy();
    pace.idle();
    assert_eq!(read_fails_after(&mut stream).await, Some(75));

    let (mut stream, mut client, pace) = paced();
    pace.busy();
    pace.idle();
    // The idle deadline is armed first, then moved forward by the first byte.
    let armed = poll_fn(|cx| {
        let mut buffer = [0; 1];
        let pending = Pin::new(&mut stream)
            .poll_read(cx, &mut ReadBuf::new(&mut buffer))
            .is_pending();
        Poll::Ready(pending)
    });
    assert!(armed.await);
    tokio::time::advance(20 * SECOND).await;
    client.write_u8(b'x').await.unwrap();
    assert_eq!(read_fails_after(&mut stream).await, Some(10));
}

/// The engine's order: it reads and finds nothing while it is busy, writes the answer, flushes, and sleeps.
#[tokio::test(start_paused = true)]
async fn the_idle_deadline_wakes_an_engine_that_does_not_read_again() {
    let (mut stream, _client, pace) = paced();
    pace.busy();
    let mut flushed = false;
    let start = Instant::now();
    let engine = poll_fn(|cx| {
        let mut buffer = [0; 1];
        let read = Pin::new(&mut stream).poll_read(cx, &mut ReadBuf::new(&mut buffer));
        if !std::mem::replace(&mut flushed, true) {
            pace.idle();
            assert!(Pin::new(&mut stream).poll_flush(cx).is_ready());
        }
        read
    });
    let ended = timeout(500 * SECOND, engine).await.unwrap();
    assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::TimedOut);
    assert_eq!(start.elapsed().as_secs(), 75);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_is_cut() {
    let (mut stream, mut client, _) = paced();
    let start = Instant::now();
    let error = stream.write_all(&[0; 1000]).await.unwrap_err();
    assert_eq!(
        (error.kind(), start.elapsed().as_secs()),
        (io::ErrorKind::TimedOut, 30)
    );

    // One that takes something now and then is not.
    let (mut stream, _) = (Paced::new(duplex(64).0, Pace::new(limits())), ());
    assert!(
        stream.write_all(&[0; 1000]).await.is_err(),
        "the other end is gone"
    );
    let (mut slow, mut reader, _) = paced();
    let take = async {
        loop {
            tokio::time::sleep(20 * SECOND).await;
            reader.read_exact(&mut [0; 64]).await.unwrap();
        }
    };
    tokio::select! {
        written = slow.write_all(&[0; 1000]) => written.unwrap(),
        () = take => {}
    }
    client.shutdown().await.unwrap();
}
