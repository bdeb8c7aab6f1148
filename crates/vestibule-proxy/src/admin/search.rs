//! What the sessions page is asked for: read from its address or its form, and written into addresses.

use url::form_urlencoded::{Serializer, parse};

use crate::sessions::{Name, SessionId, Which};

/// What somebody looks for, as they wrote it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Search {
    /// `user`, `subject`, `sid`, `id` or `all`.
    pub(super) by: String,
    /// What it is called.
    pub(super) named: String,
    /// Of which issuer; empty for any.
    pub(super) issuer: String,
    after: String,
    /// It asks for something that nothing here knows, or in two ways at once.
    odd: bool,
}

/// Why it is not clear which sessions are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unclear {
    /// There is no such way to look for them.
    By,
    /// Nothing is named, or something that can't be a name.
    Name,
    /// An issuer is named where none belongs.
    Issuer,
    /// The place to go on is none.
    After,
    /// Something else is asked for than there is.
    Odd,
}

/// The names of the ways to look, which are taken alone too: `user=ann` is `by=user&named=ann`.
const WAYS: [&str; 4] = ["user", "subject", "sid", "id"];

impl Search {
    /// Reads a query, or a form.
    pub(super) fn of(text: &[u8]) -> Self {
        let mut search = Self::default();
        for (name, value) in parse(text) {
            let value = value.trim();
            let place = match name.as_ref() {
                "by" => &mut search.by,
                "named" => &mut search.named,
                "issuer" => &mut search.issuer,
                "after" => &mut search.after,
                // Of every form of ours.
                "mark" => continue,
                way if WAYS.contains(&way) && search.by.is_empty() => {
                    way.clone_into(&mut search.by);
                    &mut search.named
                }
                // What is passed over here would list, or end, more than was meant.
                _ => {
                    search.odd = true;
                    continue;
                }
            };
            if place.is_empty() {
                value.clone_into(place);
            }
        }
        search
    }

    /// One for this session alone.
    pub(super) fn for_id(id: SessionId) -> Self {
        Self {
            by: "id".to_owned(),
            named: id.to_string(),
            ..Self::default()
        }
    }

    /// One for every session there is.
    pub(super) fn for_all() -> Self {
        Self {
            by: "all".to_owned(),
            ..Self::default()
        }
    }

    /// The same without a place to go on.
    pub(super) fn without_place(self) -> Self {
        Self {
            after: String::new(),
            ..self
        }
    }

    /// Where to go on.
    pub(super) fn after(&self) -> Option<SessionId> {
        self.after.parse().ok()
    }

    /// Which sessions to list: where nothing is named, all.
    pub(super) fn listed(&self) -> Result<Which, Unclear> {
        if self.odd {
            return Err(Unclear::Odd);
        }
        if !self.after.is_empty() && self.after().is_none() {
            return Err(Unclear::After);
        }
        match self.named.is_empty() {
            true => Ok(Which::All),
            false => self.ended(),
        }
    }

    /// Which sessions to end: all only where that is said.
    pub(super) fn ended(&self) -> Result<Which, Unclear> {
        if self.odd {
            return Err(Unclear::Odd);
        }
        let name = || self.named.parse::<Name>().map_err(|_| Unclear::Name);
        let issuer = match self.issuer.is_empty() {
            true => None,
            false => Some(self.issuer.parse::<Name>().map_err(|_| Unclear::Issuer)?),
        };
        let which = match self.by.as_str() {
            "subject" => {
                let subject = name()?;
                return Ok(Which::Subject { subject, issuer });
            }
            "sid" => {
                let sid = name()?;
                return Ok(Which::Sid { sid, issuer });
            }
            "user" => Which::User(name()?),
            "id" => Which::Id(self.named.parse().map_err(|_| Unclear::Name)?),
            "all" if self.named.is_empty() => Which::All,
            _ => return Err(Unclear::By),
        };
        // It would narrow what is meant, and be passed over.
        match issuer {
            Some(_) => Err(Unclear::Issuer),
            None => Ok(which),
        }
    }

    /// Whether anything is named.
    pub(super) fn is_narrow(&self) -> bool {
        !self.named.is_empty()
    }

    /// The query that leads to the same, going on after this one.
    pub(super) fn query(&self, after: Option<SessionId>) -> String {
        let mut query = Serializer::new(String::new());
        let after = after.map(|after| after.to_string()).unwrap_or_default();
        let parts = [
            ("by", &self.by),
            ("named", &self.named),
            ("issuer", &self.issuer),
            ("after", &after),
        ];
        for (name, value) in parts {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        query.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(text: &str) -> Result<Which, Unclear> {
        Search::of(text.as_bytes()).ended()
    }

    #[test]
    fn all_are_ended_only_where_that_is_said() {
        assert_eq!(ended("by=all"), Ok(Which::All));
        for (text, unclear) in [
            ("", Unclear::By),
            ("by=user", Unclear::Name),
            ("by=user&named=+", Unclear::Name),
            ("by=subject&issuer=x", Unclear::Name),
            ("by=all&named=ann", Unclear::By),
            ("by=all&issuer=x", Unclear::Issuer),
            ("by=user&named=ann&issuer=x", Unclear::Issuer),
            ("by=id&named=zz", Unclear::Name),
            ("by=everything&named=x", Unclear::By),
            ("named=ann", Unclear::By),
            ("user=", Unclear::Name),
            ("by=all&usr=ann", Unclear::Odd),
            ("by=all&user=ann", Unclear::Odd),
            ("by=subject&user=ann&named=x", Unclear::Odd),
        ] {
            assert_eq!(ended(text), Err(unclear), "{text}");
        }
        assert_eq!(Search::of(b"by=user").listed(), Ok(Which::All));
        assert_eq!(Search::of(b"usr=ann").listed(), Err(Unclear::Odd));
        assert_eq!(ended("user=ann&mark=x"), ended("by=user&named=ann"));
        assert_eq!(
            Search::of(b"user=ann").listed(),
            Search::of(b"by=user&named=ann").listed()
        );
        assert_eq!(Search::of(b"after=x").listed(), Err(Unclear::After));
    }

    #[test]
    fn an_address_leads_to_the_same_search() {
        let ugly = "Ann & \"Bob\"\u{202e}<b>";
        for (by, issuer) in [
            ("user", ""),
            ("subject", "https://a.example/?x=1&y"),
            ("sid", ""),
        ] {
            let search = Search {
                by: by.to_owned(),
                named: ugly.to_owned(),
                issuer: issuer.to_owned(),
                ..Search::default()
            };
            let again = Search::of(search.query(None).as_bytes());
            assert_eq!(again, search);
            assert!(again.ended().is_ok());
        }
        let id: SessionId = "0123456789abcdef".parse().unwrap();
        assert_eq!(Search::for_id(id).ended(), Ok(Which::Id(id)));
        let next = Search::of(Search::default().query(Some(id)).as_bytes());
        assert_eq!(next.after(), Some(id));
    }
}
