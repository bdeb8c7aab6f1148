//! Bounds how often the secret of the sessions page is tried: by one address, so that nobody who can reach the
//! listener keeps others from trying; and by all together, so that many addresses guess no faster.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use tokio::time::Instant;

/// A number of tries, then one more each time.
#[derive(Debug, Clone, Copy)]
struct Rate {
    most: u32,
    next: Duration,
}

const OF_ONE: Rate = Rate {
    most: 10,
    next: Duration::from_secs(6),
};

const OF_ALL: Rate = Rate {
    most: 60,
    next: Duration::from_secs(1),
};

/// The tries that are left.
#[derive(Debug)]
pub(super) struct Tries {
    all: Bucket,
    /// Of who has not all of theirs. So many are there at most as [`OF_ALL`] lets try while the tries of one come
    /// back.
    peers: HashMap<IpAddr, Bucket>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: u32,
    /// From when on the next try is counted.
    since: Instant,
}

impl Tries {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            all: Bucket::full(OF_ALL, now),
            peers: HashMap::new(),
        }
    }

    /// Takes one try. `false`: there is none, and nothing is taken of anybody.
    pub(super) fn take(&mut self, peer: IpAddr, now: Instant) -> bool {
        self.peers.retain(|_, bucket| {
            bucket.refill(OF_ONE, now);
            bucket.left < OF_ONE.most
        });
        self.all.refill(OF_ALL, now);
        let peer = network(peer);
        let full = Bucket::full(OF_ONE, now);
        let own = self.peers.get(&peer).copied().unwrap_or(full);
        match (own.left.checked_sub(1), self.all.left.checked_sub(1)) {
            (Some(own_left), Some(all_left)) => {
                self.all.left = all_left;
                let left = Bucket {
                    left: own_left,
                    ..own
                };
                self.peers.insert(peer, left);
                true
            }
            _ => false,
        }
    }
}

impl Bucket {
    const fn full(rate: Rate, now: Instant) -> Self {
        Self {
            left: rate.most,
            since: now,
        }
    }

    fn refill(&mut self, rate: Rate, now: Instant) {
        while self.left < rate.most && now.duration_since(self.since) >= rate.next {
            self.left += 1;
            self.since += rate.next;
        }
        if self.left == rate.most {
            self.since = now;
        }
    }
}

/// Whom an address stands for: whoever has one IPv6 address has its whole /64.
fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from(u128::from(address) >> 64 << 64).into(),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(number: u32) -> IpAddr {
        std::net::Ipv4Addr::from(0x0a00_0000 + number).into()
    }

    #[test]
    fn one_address_uses_up_its_own_tries_and_nobody_elses() {
        let mut now = Instant::now();
        let mut tries = Tries::new(now);
        for _ in 0..OF_ONE.most {
            assert!(tries.take(peer(1), now));
        }
        for _ in 0..1000 {
            assert!(!tries.take(peer(1), now));
        }
        assert!(tries.take(peer(2), now));
        now += OF_ONE.next;
        assert!(tries.take(peer(1), now) && !tries.take(peer(1), now));
        // After a long time there are as many tries as at first, and not more.
        now += OF_ONE.next * 1000;
        for _ in 0..OF_ONE.most {
            assert!(tries.take(peer(1), now));
        }
        assert!(!tries.take(peer(1), now));
    }

    #[test]
    fn many_addresses_together_guess_no_faster_and_take_no_room() {
        let mut now = Instant::now();
        let mut tries = Tries::new(now);
        let mut taken = 0;
        for second in 0..600 {
            for number in 0..100 {
                taken += u32::from(tries.take(peer(second * 100 + number), now));
            }
            assert!(tries.peers.len() <= 120, "{}", tries.peers.len());
            now += Duration::from_secs(1);
        }
        assert_eq!(taken, 60 + 599);
        now += Duration::from_secs(60);
        assert!(tries.take(peer(0), now));
        assert_eq!(
            tries.peers.len(),
            1,
            "who has all of theirs is not remembered"
        );
    }

    #[test]
    fn addresses_that_one_party_has_are_one() {
        let now = Instant::now();
        let mut tries = Tries::new(now);
        let at = |text: &str| text.parse().unwrap();
        for host in 0..OF_ONE.most {
            assert!(tries.take(at(&format!("2001:db8::{host:x}")), now));
        }
        assert!(!tries.take(at("2001:db8::ffff"), now));
        assert!(tries.take(at("2001:db8:0:1::1"), now));
        for _ in 0..OF_ONE.most {
            assert!(tries.take(at("::ffff:192.0.2.1"), now));
        }
        assert!(!tries.take(at("192.0.2.1"), now));
    }
}
