//! The parameters of a request: query and form body together, each name once.

use url::form_urlencoded;

/// Parameters in the order they came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads query and form body. RFC 6749 §3.1: a parameter must not be there twice; the name of
    /// one that is comes back as the error.
    pub(crate) fn read(query: &str, body: &[u8]) -> Result<Self, (Self, String)> {
        let mut parameters = Self::default();
        let mut twice = None;
        let pairs = form_urlencoded::parse(query.as_bytes()).chain(form_urlencoded::parse(body));
        for (name, value) in pairs {
            if parameters.0.iter().any(|(known, _)| *known == name) {
                twice.get_or_insert_with(|| name.to_string());
            } else {
                parameters.0.push((name.into_owned(), value.into_owned()));
            }
        }
        match twice {
            Some(name) => Err((parameters, name)),
            None => Ok(parameters),
        }
    }

    /// The value of a parameter; RFC 6749 §3.1: one without a value counts as absent.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, value)| known == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// Whether the parameter is there, be it without a value.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// The parameters but for those named, encoded as a query.
    pub(crate) fn without(&self, left_out: &[&str]) -> String {
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(
                self.0
                    .iter()
                    .filter(|(name, _)| !left_out.contains(&name.as_str())),
            )
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn query_and_body_are_one_and_a_second_value_is_refused() {
        let read = Parameters::read("a=1&empty=", b"b=2+3%26").unwrap();
        assert_eq!(read.value("a"), Some("1"));
        assert_eq!(read.value("b"), Some("2 3&"));
        assert_eq!(read.value("empty"), None);
        assert_eq!(Parameters::read("a=1", b"a=1").unwrap_err().1, "a");
        assert_eq!(read.without(&["a", "empty"]), "b=2+3%26");
    }
}
