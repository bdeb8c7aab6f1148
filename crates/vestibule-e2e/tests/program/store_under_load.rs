//! A session file in trouble while many use the program: slow, read-only, full, gone, and back.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use vestibule_e2e::faulty_disk::{Fault, FaultyDisk};
use vestibule_e2e::http::Reply;
use vestibule_e2e::local_provider::LocalProvider;
use vestibule_e2e::person::Person;
use vestibule_e2e::scene::{Scene, eventually};

/// Each takes a long call of the program's, or refuses one, in its own way.
const FAULTS: [Fault; 4] = [Fault::Slow(60), Fault::ReadOnly, Fault::Full, Fault::Gone];

/// People whose sessions are in memory, all the time.
const IN_MEMORY: usize = 3;

/// People whose sessions are only in the file, for each fault.
const IN_FILE: usize = 2;

/// So often everybody comes while a fault lasts.
const VISITS: usize = 20;

/// So many come anew until one is not let in: a full disk has room for a few.
const MOST_NEWCOMERS: usize = 60;

/// What was seen while one fault lasted.
#[derive(Default)]
struct Seen {
    /// How often those came who can always be answered.
    visits: [AtomicUsize; IN_MEMORY + 1],
    /// Somebody was not let in, or nobody is to be refused.
    is_noticed: AtomicBool,
    stop: AtomicBool,
}

/// An answer that takes nothing from anybody.
fn takes_nothing(reply: &Reply, allowed: &[u16], whose: &str, fault: Fault) {
    let cookies: Vec<&str> = reply.all("set-cookie").collect();
    assert!(cookies.is_empty(), "{whose}, {fault:?}: {cookies:?}");
    let status = reply.status;
    assert!(
        allowed.contains(&status),
        "{whose}, {fault:?}: {status} {}",
        reply.text()
    );
}

fn everybody_came(seen: &Seen) -> bool {
    let visits = seen.visits.iter();
    visits.map(|visits| visits.load(Ordering::SeqCst)).min() >= Some(VISITS)
}

/// Somebody new. Gives them, if they were let in.
fn newcomer(scene: &Scene, fault: Fault) -> Option<Person> {
    let mut person = Person::new();
    let picker = person.go(&scene.url("/app/"));
    let page = LocalProvider::sign_in(&mut person, &picker, "gus");
    match page.status {
        200 => Some(person),
        503 => None,
        other => panic!("a sign-in, {fault:?}: {other} {}", page.text()),
    }
}

/// Somebody leaves. Gives the cookies they had.
fn leaver(scene: &Scene, mut person: Person, fault: Fault) -> Person {
    let kept = person.clone();
    let asked = person.go(&scene.url("/.vestibule/sign-out"));
    person.submit(&asked, asked.form());
    // Whatever the store could be told, they are nobody here.
    assert_eq!(person.fetch(&scene.url("/app/")).status, 401, "{fault:?}");
    let replayed = kept.clone().fetch(&scene.url("/app/"));
    assert_eq!(replayed.status, 401, "{fault:?}: {}", replayed.text());
    kept
}

/// People come until one is not let in, where a fault does that. Gives those who were.
fn newcomers(scene: &Scene, fault: Fault) -> Vec<Person> {
    if let Fault::Slow(_) = fault {
        return newcomer(scene, fault).into_iter().collect();
    }
    let let_in: Vec<Person> = (0..MOST_NEWCOMERS)
        .map_while(|_| newcomer(scene, fault))
        .collect();
    assert!(let_in.len() < MOST_NEWCOMERS, "{fault:?} refuses nobody");
    let_in
}

/// Everybody comes again and again until one of each kind was answered often enough, people new here have come,
/// and somebody has left.
fn while_it_lasts(
    scene: &Scene,
    in_memory: &mut [Person],
    in_file: &mut [Person],
    leaving: Person,
    fault: Fault,
) -> (Vec<Person>, Person) {
    let seen = Seen::default();
    let (app, public) = (scene.url("/app/"), scene.url("/public/"));
    thread::scope(|scope| {
        let (seen, app, public) = (&seen, &app, &public);
        let is_over = || seen.stop.load(Ordering::SeqCst);
        for (person, visits) in in_memory.iter_mut().zip(&seen.visits) {
            scope.spawn(move || {
                while !is_over() {
                    takes_nothing(&person.fetch(app), &[200], "in memory", fault);
                    visits.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        for person in in_file {
            scope.spawn(move || {
                // From here on the file is asked, and the program knows what that is worth.
                while !seen.is_noticed.load(Ordering::SeqCst) {
                    thread::sleep(Duration::from_millis(5));
                }
                loop {
                    takes_nothing(&person.fetch(app), &[200, 503], "in the file", fault);
                    if is_over() {
                        return;
                    }
                }
            });
        }
        scope.spawn(move || {
            while !is_over() {
                let reply = Person::new().fetch(public);
                takes_nothing(&reply, &[200], "a public page", fault);
                seen.visits[IN_MEMORY].fetch_add(1, Ordering::SeqCst);
            }
        });
        let came = scope.spawn(move || newcomers(scene, fault)).join();
        seen.is_noticed.store(true, Ordering::SeqCst);
        let left = scope.spawn(move || leaver(scene, leaving, fault));
        let outcome = (came, left.join());
        if outcome.0.is_ok() && outcome.1.is_ok() {
            eventually("everybody came often enough", || everybody_came(seen));
        }
        seen.stop.store(true, Ordering::SeqCst);
        (outcome.0.unwrap(), outcome.1.unwrap())
    })
}

#[test]
fn a_store_in_trouble_under_load_signs_nobody_out() {
    let disk = FaultyDisk::new();
    let mut scene = Scene::on_disk(&disk);
    let people =
        |count: usize| -> Vec<Person> { (0..count).map(|_| scene.signed_in("ada")).collect() };
    let mut in_memory = people(IN_MEMORY);
    let mut leaving = people(FAULTS.len());
    let mut in_file = people(FAULTS.len() * IN_FILE);
    scene.proxy.kill_and_restart();
    let (mut newly_in, mut left) = (Vec::new(), Vec::new());
    for (fault, in_file) in FAULTS.into_iter().zip(in_file.chunks_mut(IN_FILE)) {
        for person in in_memory.iter_mut().chain(&mut leaving) {
            assert_eq!(person.fetch(&scene.url("/app/")).status, 200);
        }
        disk.now(fault);
        let leaving = leaving.pop().unwrap();
        let (came, gone) = while_it_lasts(&scene, &mut in_memory, in_file, leaving, fault);
        // Whoever was let in stays; a disk that takes nothing lets nobody in.
        match fault {
            Fault::Slow(_) => assert_eq!(came.len(), 1, "slow is not broken"),
            Fault::Full => {}
            _ => assert!(came.is_empty(), "{fault:?}"),
        }
        newly_in.extend(came);
        left.push(gone);
        if fault == Fault::Full {
            // What could not be written has to be known to the next process too.
            scene.proxy.process().kill();
        }
        disk.now(Fault::None);
        if fault == Fault::Full {
            scene.proxy.kill_and_restart();
        }
        for person in in_file {
            eventually("the same cookie works again", || {
                person.fetch(&scene.url("/app/")).status == 200
            });
        }
        eventually("people can sign in again", || {
            let came = newcomer(&scene, fault);
            let is_in = came.is_some();
            newly_in.extend(came);
            is_in
        });
    }
    for is_anew in [false, true] {
        if is_anew {
            scene.proxy.kill_and_restart();
        }
        let all = in_memory.iter_mut().chain(&mut in_file);
        for person in all.chain(&mut newly_in) {
            let reply = person.fetch(&scene.url("/app/"));
            takes_nothing(&reply, &[200], "everybody", Fault::None);
        }
        for person in &mut left {
            assert_eq!(person.clone().fetch(&scene.url("/app/")).status, 401);
        }
    }
}
