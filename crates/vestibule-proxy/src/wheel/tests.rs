use tokio::task::LocalSet;
use tokio::time::timeout;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn on_core(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(LocalSet::new().run_until(test));
}

async fn took(deadline: &Deadline) -> Duration {
    let start = Instant::now();
    deadline.past().await;
    start.elapsed()
}

#[test]
fn a_deadline_is_never_early_and_at_most_a_tick_late() {
    on_core(async {
        let wheel = Wheel::new();
        for after in [0, 1, 99, 100, 101, 1234, 102_399, 102_400, 102_401, 600_000] {
            let after = Duration::from_millis(after);
            tokio::time::advance(Duration::from_millis(37)).await;
            let deadline = wheel.deadline();
            deadline.set(Instant::now(), after);
            let took = took(&deadline).await;
            // The runtime's own timers are exact to a millisecond.
            assert!(
                took >= after && took <= after + TICK + Duration::from_millis(2),
                "{after:?}: {took:?}"
            );
        }
    });
}

#[test]
fn a_deadline_that_moves_on_is_not_past_before() {
    on_core(async {
        let wheel = Wheel::new();
        let deadline = wheel.deadline();
        deadline.set(Instant::now(), SECOND);
        for _ in 0..50 {
            assert!(timeout(SECOND / 2, deadline.past()).await.is_err());
            deadline.set(Instant::now(), SECOND);
            assert_eq!(wheel.waiting(), 1, "it keeps its place");
        }
        assert!(took(&deadline).await <= SECOND + 2 * TICK);
    });
}

#[test]
fn an_earlier_deadline_is_not_kept_waiting_for_a_later_place() {
    on_core(async {
        let wheel = Wheel::new();
        let deadline = wheel.deadline();
        deadline.set(Instant::now(), 75 * SECOND);
        assert!(timeout(SECOND, deadline.past()).await.is_err());
        deadline.set(Instant::now(), SECOND);
        assert!(took(&deadline).await <= SECOND + 2 * TICK);
    });
}

#[test]
fn a_cleared_deadline_is_never_past() {
    on_core(async {
        let wheel = Wheel::new();
        let deadline = wheel.deadline();
        assert!(!deadline.is_set());
        deadline.set(Instant::now(), SECOND);
        assert!(deadline.is_set());
        assert!(timeout(SECOND / 2, deadline.past()).await.is_err());
        deadline.clear();
        assert!(timeout(1000 * SECOND, deadline.past()).await.is_err());
        assert_eq!(wheel.waiting(), 0);
    });
}

#[test]
fn what_is_past_stays_past_until_it_is_set_anew() {
    on_core(async {
        let wheel = Wheel::new();
        let deadline = wheel.deadline();
        deadline.set(Instant::now(), SECOND);
        deadline.past().await;
        deadline.past().await;
        deadline.set(Instant::now(), SECOND);
        assert!(timeout(SECOND / 2, deadline.past()).await.is_err());
    });
}

#[test]
fn a_dropped_deadline_leaves_its_place() {
    on_core(async {
        let wheel = Wheel::new();
        let mut deadlines: Vec<_> = (0..1000).map(|_| wheel.deadline()).collect();
        for (at, deadline) in deadlines.iter().enumerate() {
            deadline.set(Instant::now(), SECOND * u32::try_from(at % 7).unwrap());
            assert!(timeout(Duration::ZERO, deadline.past()).await.is_err());
        }
        assert_eq!(wheel.waiting(), 1000);
        // From the middle, the front and the end of their lists.
        while !deadlines.is_empty() {
            drop(deadlines.swap_remove(deadlines.len() / 2));
            assert_eq!(wheel.waiting(), deadlines.len());
        }
        let again = wheel.deadline();
        assert!(
            !again.is_set(),
            "a place that is used again remembers nothing"
        );
    });
}

#[test]
fn many_deadlines_come_up_in_their_order() {
    on_core(async {
        let wheel = Wheel::new();
        let start = Instant::now();
        let mut waiting = tokio::task::JoinSet::new();
        for at in 0..500_u32 {
            let deadline = wheel.deadline();
            let after = Duration::from_millis(u64::from(at * 7919 % 500) * 431);
            deadline.set(start, after);
            waiting.spawn_local(async move {
                deadline.past().await;
                (after, start.elapsed())
            });
        }
        while let Some(ended) = waiting.join_next().await {
            let (after, took) = ended.unwrap();
            assert!(
                took >= after && took <= after + 2 * TICK,
                "{after:?}: {took:?}"
            );
        }
        assert_eq!(wheel.waiting(), 0);
    });
}

/// A clock that is paused advances when everybody sleeps; a wheel that sleeps for nobody would drive it on.
#[test]
fn a_wheel_that_holds_nothing_does_not_sleep() {
    on_core(async {
        let wheel = Wheel::new();
        let deadline = wheel.deadline();
        deadline.set(Instant::now(), SECOND);
        deadline.past().await;
        let turner = wheel.0.turner.borrow().is_some();
        assert!(turner, "the task is there");
        assert_eq!(wheel.0.places.borrow_mut().sleep_to_next(), None);
    });
}

#[test]
fn everybody_can_be_woken_to_look_around() {
    on_core(async {
        let wheel = Wheel::new();
        let deadline = wheel.deadline();
        deadline.set(Instant::now(), 1000 * SECOND);
        let polls = Rc::new(Cell::new(0));
        let seen = Rc::clone(&polls);
        tokio::task::spawn_local(poll_fn(move |cx| {
            seen.set(seen.get() + 1);
            deadline.poll(cx)
        }));
        tokio::task::yield_now().await;
        assert_eq!(polls.get(), 1);
        wheel.wake_all();
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
        assert_eq!(polls.get(), 2);
    });
}
