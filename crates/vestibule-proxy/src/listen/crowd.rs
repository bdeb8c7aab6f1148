//! Decides which connections make room when there are too many: those that have asked for nothing for longest.
//!
//! A connection on which nobody waits for an answer costs its client nothing but a new one, and whoever opens many and says
//! nothing, or says it slowly, must not keep out those who ask. One with a request in hand is never closed for room.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use tokio::time::Instant;

use super::room::Room;

/// Of so many connections that could go, one goes at a time, and at least one: looking at all of them must not be what each
/// new connection costs.
const SHARE: usize = 32;

/// The connections of one core. Clones are the same.
#[derive(Clone)]
pub(crate) struct Crowd(Rc<Inner>);

struct Inner {
    members: RefCell<Vec<Weak<Member>>>,
    room: Arc<Room>,
}

/// A connection's place in the crowd. It leaves when it is dropped.
pub(super) struct Place {
    member: Rc<Member>,
    crowd: Crowd,
}

/// What the crowd knows of one connection.
struct Member {
    /// Where it stands, to be found when it leaves.
    at: Cell<usize>,
    /// How many requests it has in hand.
    active: Cell<usize>,
    /// When the last of them ended, or the connection began.
    quiet_since: Cell<Instant>,
    told: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Crowd {
    pub(crate) fn new(room: Arc<Room>) -> Self {
        Self(Rc::new(Inner {
            members: RefCell::default(),
            room,
        }))
    }

    /// A place for a new connection.
    pub(super) fn join(&self) -> Place {
        let mut members = self.0.members.borrow_mut();
        let member = Rc::new(Member {
            at: Cell::new(members.len()),
            active: Cell::new(0),
            quiet_since: Cell::new(Instant::now()),
            told: Cell::new(false),
            waker: RefCell::default(),
        });
        members.push(Rc::downgrade(&member));
        drop(members);
        Place {
            member,
            crowd: self.clone(),
        }
    }

    /// The places of all cores.
    pub(super) fn room(&self) -> &Arc<Room> {
        &self.0.room
    }

    /// Tells those that have asked for nothing for longest to go, and says how many. Their places are promised to those who
    /// wait for one.
    pub(super) fn shed(&self) -> usize {
        let members = self.0.members.borrow();
        let mut quiet: Vec<Rc<Member>> = members
            .iter()
            .filter_map(Weak::upgrade)
            .filter(|member| member.active.get() == 0 && !member.told.get())
            .collect();
        drop(members);
        let promised = self.0.room.promise(quiet.len());
        let count = quiet.len().div_ceil(SHARE).max(promised);
        let Some(last) = count.checked_sub(1) else {
            return 0;
        };
        quiet.select_nth_unstable_by_key(last, |member| member.quiet_since.get());
        quiet.truncate(count);
        for member in quiet {
            member.tell();
        }
        count
    }
}

impl Member {
    fn tell(&self) {
        self.told.set(true);
        let waker = self.waker.take();
        waker.into_iter().for_each(Waker::wake);
    }
}

impl Place {
    /// A request began.
    pub(super) fn begin(&self) {
        let active = &self.member.active;
        active.set(active.get() + 1);
        if self.member.told.get() {
            // It came just before the connection would have gone.
            self.member.told.set(false);
            self.crowd.room().take_back();
        }
    }

    /// A request ended, at this time. True if the connection makes room now, because somebody waits for a place.
    pub(super) fn end(&self, at: Instant) -> bool {
        let active = &self.member.active;
        active.set(active.get() - 1);
        self.member.quiet_since.set(at);
        self.is_wanted() && active.get() == 0 && self.leave()
    }

    #[cold]
    fn leave(&self) -> bool {
        let leaves = self.crowd.room().promise(1) > 0;
        if leaves {
            self.member.tell();
        }
        leaves
    }

    /// Whether somebody waits for a place: a connection that has answered is not kept then.
    pub(super) fn is_wanted(&self) -> bool {
        self.crowd.room().is_wanted()
    }

    /// Since when there is no request, if there is none.
    pub(super) fn quiet_since(&self) -> Option<Instant> {
        (self.member.active.get() == 0).then(|| self.member.quiet_since.get())
    }

    /// Ready when the connection must make room. Whoever polled last is woken.
    pub(super) fn poll_told(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.member.told.get() {
            return Poll::Ready(());
        }
        let mut waker = self.member.waker.borrow_mut();
        if !waker
            .as_ref()
            .is_some_and(|known| known.will_wake(cx.waker()))
        {
            *waker = Some(cx.waker().clone());
        }
        Poll::Pending
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Whoever stands last takes the place.
        let mut members = self.crowd.0.members.borrow_mut();
        let at = self.member.at.get();
        if at < members.len() {
            members.swap_remove(at);
        }
        if let Some(moved) = members.get(at).and_then(Weak::upgrade) {
            moved.at.set(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use futures_util::FutureExt as _;
    use tokio::time::advance;

    use super::*;

    fn crowd() -> Crowd {
        Crowd::new(Arc::new(Room::new(0, 1)))
    }

    fn is_told(place: &Place) -> bool {
        poll_fn(|cx| place.poll_told(cx)).now_or_never().is_some()
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_waited_longest_goes_and_who_has_a_request_never_does() {
        let crowd = crowd();
        let busy = crowd.join();
        busy.begin();
        advance(Duration::from_secs(1)).await;
        let [old, young] = [crowd.join(), {
            advance(Duration::from_secs(1)).await;
            crowd.join()
        }];
        assert_eq!(crowd.shed(), 1);
        assert_eq!([&busy, &old, &young].map(is_told), [false, true, false]);
        // It is on its way; the next one who needs room gets another.
        assert_eq!(crowd.shed(), 1);
        assert!(is_told(&young));
        assert_eq!(crowd.shed(), 0);
        assert!(!is_told(&busy));
        busy.end(Instant::now());
        assert_eq!(crowd.shed(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_large_crowd_goes_by_and_by_and_leaves_nothing_behind() {
        let crowd = crowd();
        let mut places: Vec<Place> = Vec::new();
        for _ in 0..100 {
            places.push(crowd.join());
            advance(Duration::from_millis(1)).await;
        }
        assert_eq!(crowd.shed(), 4);
        let told: Vec<bool> = places.iter().map(is_told).collect();
        assert!(told[..4].iter().all(|told| *told) && !told[4..].contains(&true));
        // In any order.
        places.swap(0, 50);
        places.drain(10..60);
        places.truncate(20);
        assert_eq!(crowd.0.members.borrow().len(), 20);
        for (at, member) in crowd.0.members.borrow().iter().enumerate() {
            assert_eq!(member.upgrade().unwrap().at.get(), at);
        }
        drop(places);
        assert!(crowd.0.members.borrow().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_answered_goes_while_somebody_waits_for_a_place() {
        let crowd = crowd();
        let room = Arc::clone(crowd.room());
        let places = [crowd.join(), crowd.join(), crowd.join()];
        places.iter().for_each(Place::begin);
        let [one, two, three] = &places;
        assert!(!one.end(Instant::now()), "nobody waits");
        one.begin();
        let ask = room.ask();
        assert_eq!(crowd.shed(), 0);
        // Two requests over HTTP/2: the first one's end is not the last.
        two.begin();
        assert!(!two.end(Instant::now()));
        assert!(two.end(Instant::now()));
        assert!(is_told(two));
        assert!(!three.end(Instant::now()), "one is enough for one");
        assert!(!is_told(three));
        // What came at the last moment is answered, and somebody else goes.
        two.begin();
        assert!(!is_told(two));
        assert_eq!(crowd.shed(), 1);
        assert!(is_told(three));
        drop(ask);
        assert!(!one.end(Instant::now()));
    }

    #[tokio::test(start_paused = true)]
    async fn as_many_go_as_are_waited_for() {
        let crowd = crowd();
        let places: Vec<Place> = (0..10).map(|_| crowd.join()).collect();
        let asks = [(); 3].map(|()| crowd.room().ask());
        assert_eq!(crowd.shed(), 3);
        assert_eq!(places.iter().filter(|place| is_told(place)).count(), 3);
        assert!(!crowd.room().is_wanted());
        drop(asks);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_is_woken() {
        let crowd = crowd();
        let place = crowd.join();
        let told = poll_fn(|cx| place.poll_told(cx));
        let shed = async { crowd.shed() };
        let ((), count) = tokio::join!(told, shed);
        assert_eq!(count, 1);
    }
}
