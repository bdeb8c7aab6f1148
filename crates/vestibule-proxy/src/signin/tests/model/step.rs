//! The steps: what can happen, drawn from a seed. Each makes sense after any other, so that steps can
//! be left out.

use super::authority::Mood;

/// Browsers there are.
pub(super) const BROWSERS: usize = 5;

pub(super) const PEOPLE: [&str; 3] = ["ann", "bob", "cho"];

/// What happens while a refresh waits for the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meanwhile {
    SignOut,
    LogOut,
    Kill,
    StoreGoes,
    Nothing,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    SignIn {
        browser: usize,
        person: usize,
        /// Also where somebody is signed in.
        again: bool,
    },
    Visit {
        browser: usize,
        program: bool,
        at_once: usize,
    },
    /// Of a route for members that needs no token, when what is known of them has this age at least.
    VisitAsMember {
        browser: usize,
        age: i64,
    },
    /// The provider's directory has the person in the group, or no more.
    Member {
        person: usize,
        is_one: bool,
    },
    /// Somebody signs in, and is logged out by the provider while the code is redeemed.
    SignInLoggedOut {
        browser: usize,
        person: usize,
    },
    WhoAmI {
        browser: usize,
    },
    Wait {
        secs: u64,
    },
    /// To shortly before or after the end of the token; and then they come.
    WaitForToken {
        browser: usize,
        before: u64,
    },
    Provider {
        mood: Mood,
    },
    Grants {
        rotates: bool,
        lasts: u64,
    },
    SignOut {
        browser: usize,
        everywhere: bool,
    },
    LogOutPerson {
        person: usize,
    },
    LogOutSession {
        browser: usize,
        in_frame: bool,
    },
    Replay {
        which: usize,
    },
    Store {
        down: bool,
    },
    Restart {
        kill: bool,
    },
    Refreshing {
        browser: usize,
        meanwhile: Meanwhile,
    },
    Revoke {
        browser: usize,
    },
    Sweep,
    /// Everybody comes, and every old cookie.
    Everybody,
}

/// Xorshift (Marsaglia 2003): small, and the same everywhere.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 16) % bound as u64).unwrap()
    }

    fn of<T: Copy>(&mut self, some: &[T]) -> T {
        some[self.below(some.len())]
    }
}

/// The steps of this seed.
pub(super) fn drawn(seed: u64, count: usize) -> Vec<Step> {
    let mut draw = Draw(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    (0..count).map(|_| one(&mut draw)).collect()
}

fn one(draw: &mut Draw) -> Step {
    let browser = draw.below(BROWSERS);
    let person = draw.below(PEOPLE.len());
    match draw.below(100) {
        0..16 => Step::SignIn {
            browser,
            person,
            again: draw.below(6) == 0,
        },
        16 => Step::SignInLoggedOut { browser, person },
        17..20 => Step::Member {
            person,
            is_one: draw.below(2) == 0,
        },
        20..26 => Step::VisitAsMember {
            browser,
            age: draw.of(&[0, 0, 0, 5000, 5410]),
        },
        26..44 => Step::Visit {
            browser,
            program: draw.below(3) == 0,
            at_once: draw.of(&[1, 1, 3, 10]),
        },
        44..49 => Step::WhoAmI { browser },
        49..55 => Step::Wait {
            secs: draw.of(&[5, 5, 60, 60, 60, 300, 300, 600, 1800, 7300]),
        },
        55 if draw.below(3) == 0 => Step::Wait { secs: 37_000 },
        55 => Step::Everybody,
        56..66 => Step::WaitForToken {
            browser,
            before: draw.of(&[0, 50, 75, 120]),
        },
        66..68 => Step::Provider {
            mood: draw.of(&[
                Mood::Slow,
                Mood::Down,
                Mood::Hangs,
                Mood::Fails,
                Mood::Busy,
                Mood::LosesAnswers,
            ]),
        },
        68..74 => Step::Provider { mood: Mood::Well },
        74..76 => Step::Grants {
            rotates: draw.below(3) > 0,
            lasts: draw.of(&[300, 300, 600, 900, 3600]),
        },
        76..79 => Step::SignOut {
            browser,
            everywhere: draw.below(3) == 0,
        },
        79 => Step::LogOutPerson { person },
        80..82 => Step::LogOutSession {
            browser,
            in_frame: draw.below(2) == 0,
        },
        82..85 => Step::Replay {
            which: draw.below(1000),
        },
        85..87 => Step::Store { down: true },
        87..92 => Step::Store { down: false },
        92 => Step::Restart {
            kill: draw.below(2) == 0,
        },
        93..97 => Step::Refreshing {
            browser,
            meanwhile: draw.of(&[
                Meanwhile::SignOut,
                Meanwhile::LogOut,
                Meanwhile::Kill,
                Meanwhile::StoreGoes,
                Meanwhile::StoreGoes,
                Meanwhile::Nothing,
            ]),
        },
        97 => Step::Revoke { browser },
        98 => Step::Sweep,
        _ => Step::Everybody,
    }
}
