//! A map of bounded size that forgets the oldest entry first, so that no client can fill the
//! memory of a provider that runs for days.

use std::collections::{HashMap, VecDeque};

/// Entries by name, the oldest forgotten first.
#[derive(Debug)]
pub(crate) struct Shelf<V> {
    most: usize,
    entries: HashMap<String, V>,
    order: VecDeque<String>,
}

impl<V> Shelf<V> {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most,
            entries: HashMap::new(),
            order: VecDeque::new(),
        }
    }

    pub(crate) fn put(&mut self, name: String, value: V) {
        if self.entries.insert(name.clone(), value).is_none() {
            self.order.push_back(name);
        }
        while self.entries.len() > self.most {
            let Some(oldest) = self.order.pop_front() else {
                break;
            };
            self.entries.remove(&oldest);
        }
    }

    pub(crate) fn find(&self, name: &str) -> Option<&V> {
        self.entries.get(name)
    }

    pub(crate) fn find_mut(&mut self, name: &str) -> Option<&mut V> {
        self.entries.get_mut(name)
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.entries.values()
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.order.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_entry_is_forgotten_first() {
        let mut shelf = Shelf::new(2);
        for name in ["a", "b", "a", "c"] {
            shelf.put(name.to_owned(), ());
        }
        assert!(shelf.find("a").is_none());
        assert!(shelf.find("b").is_some() && shelf.find("c").is_some());
    }
}
