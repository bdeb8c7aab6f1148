//! A store with faults on request.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use vestibule_oidc::time::UnixTime;
use vestibule_session::handle::StoreKey;
use vestibule_session::lifetime::Lifetimes;
use vestibule_session::record::Record;
use vestibule_session::store::contract::block_on;
use vestibule_session::store::{
    Figures, OneTime, Replacement, Store, StoreError, StoreFuture, Stored,
    Version as RecordVersion, Whose,
};

use crate::store::MemoryStore;

/// A store with faults on request, which writes down what it was asked.
///
/// What is underneath is asked without giving way: a store with threads of its own takes no time on a
/// clock that stands still.
#[derive(Debug)]
pub(crate) struct TestStore {
    inner: Mutex<Arc<dyn Store>>,
    /// Removals that failed, to be tried again.
    owed: Mutex<Vec<StoreKey>>,
    down: Mutex<bool>,
    replaces_fail: Mutex<u32>,
    finds_fail: Mutex<bool>,
    insert_takes: Mutex<Duration>,
    pub(crate) log: Arc<Mutex<Vec<String>>>,
}

impl TestStore {
    pub(super) fn new(inner: Arc<dyn Store>) -> Self {
        Self {
            inner: Mutex::new(inner),
            owed: Mutex::default(),
            down: Mutex::new(false),
            replaces_fail: Mutex::new(0),
            finds_fail: Mutex::new(false),
            insert_takes: Mutex::default(),
            log: Arc::default(),
        }
    }

    pub(crate) fn set_down(&self, down: bool) {
        *self.down.lock().unwrap() = down;
        if !down {
            for key in std::mem::take(&mut *self.owed.lock().unwrap()) {
                block_on(self.inner().remove(&key)).unwrap();
            }
        }
    }

    fn inner(&self) -> Arc<dyn Store> {
        Arc::clone(&self.inner.lock().unwrap())
    }

    /// Whoever still asks finds nothing any more.
    pub(super) fn detach(&self) {
        *self.inner.lock().unwrap() = Arc::new(MemoryStore::new(Default::default()));
        self.set_down(false);
    }

    pub(crate) fn fail_replaces(&self, count: u32) {
        *self.replaces_fail.lock().unwrap() = count;
    }

    pub(crate) fn fail_finds(&self, fail: bool) {
        *self.finds_fail.lock().unwrap() = fail;
    }

    pub(crate) fn delay_inserts(&self, takes: Duration) {
        *self.insert_takes.lock().unwrap() = takes;
    }

    fn ask(&self, what: &str) -> Result<(), StoreError> {
        self.log.lock().unwrap().push(what.to_owned());
        match *self.down.lock().unwrap() {
            true => Err(StoreError::Unavailable(Arc::new(std::io::Error::other(
                "test",
            )))),
            false => Ok(()),
        }
    }
}

impl Store for TestStore {
    fn load<'a>(&'a self, key: &'a StoreKey) -> StoreFuture<'a, Option<Arc<Stored>>> {
        let asked = self.ask("load");
        Box::pin(async move {
            asked?;
            block_on(self.inner().load(key))
        })
    }

    fn insert<'a>(&'a self, key: &'a StoreKey, record: Record) -> StoreFuture<'a, Arc<Stored>> {
        let asked = self.ask("insert");
        let takes = *self.insert_takes.lock().unwrap();
        Box::pin(async move {
            asked?;
            tokio::time::sleep(takes).await;
            block_on(self.inner().insert(key, record))
        })
    }

    fn replace<'a>(
        &'a self,
        key: &'a StoreKey,
        expected: RecordVersion,
        record: Record,
    ) -> StoreFuture<'a, Replacement> {
        let mut asked = self.ask("replace");
        let mut fails = self.replaces_fail.lock().unwrap();
        if *fails > 0 {
            *fails -= 1;
            asked = Err(StoreError::Full(Arc::new(std::io::Error::other("test"))));
        }
        drop(fails);
        Box::pin(async move {
            asked?;
            block_on(self.inner().replace(key, expected, record))
        })
    }

    fn touch(&self, key: &StoreKey, seen_at: UnixTime) {
        self.log.lock().unwrap().push("touch".to_owned());
        self.inner().touch(key, seen_at);
    }

    fn remove<'a>(&'a self, key: &'a StoreKey) -> StoreFuture<'a, bool> {
        let asked = self.ask("remove");
        if asked.is_err() {
            self.owed.lock().unwrap().push(*key);
        }
        Box::pin(async move {
            asked?;
            block_on(self.inner().remove(key))
        })
    }

    fn find<'a>(
        &'a self,
        whose: &'a Whose,
        after: Option<&'a StoreKey>,
        most: usize,
    ) -> StoreFuture<'a, Vec<StoreKey>> {
        let mut asked = self.ask("find");
        if *self.finds_fail.lock().unwrap() {
            asked = Err(StoreError::Corrupt(Arc::new(std::io::Error::other("test"))));
        }
        Box::pin(async move {
            asked?;
            block_on(self.inner().find(whose, after, most))
        })
    }

    fn page<'a>(
        &'a self,
        after: Option<&'a StoreKey>,
        most: usize,
    ) -> StoreFuture<'a, Vec<StoreKey>> {
        let asked = self.ask("page");
        Box::pin(async move {
            asked?;
            block_on(self.inner().page(after, most))
        })
    }

    fn remember_once<'a>(
        &'a self,
        name: &'a OneTime,
        until: UnixTime,
        now: UnixTime,
    ) -> StoreFuture<'a, bool> {
        let asked = self.ask("remember_once");
        Box::pin(async move {
            asked?;
            block_on(self.inner().remember_once(name, until, now))
        })
    }

    fn remembers<'a>(&'a self, name: &'a OneTime, now: UnixTime) -> StoreFuture<'a, bool> {
        let asked = self.ask("remembers");
        Box::pin(async move {
            asked?;
            block_on(self.inner().remembers(name, now))
        })
    }

    fn sweep(&self, now: UnixTime, lifetimes: Lifetimes) -> StoreFuture<'_, usize> {
        Box::pin(async move { block_on(self.inner().sweep(now, lifetimes)) })
    }

    fn figures(&self) -> Figures {
        self.inner().figures()
    }

    fn flush(&self) -> StoreFuture<'_, ()> {
        Box::pin(async move { block_on(self.inner().flush()) })
    }
}
