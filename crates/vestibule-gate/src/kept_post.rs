//! Whether a form that met a sign-in may be kept over it and sent again by whoever signs in.
//!
//! The form is sent again by a page of ours, so the upstream takes it for the person's own doing,
//! session cookie included. So only a form that a page of ours had sent in the first place is
//! kept, whatever else the route allows: a form of another site would get round `SameSite`.

use vestibule_session::site::Site;

use crate::fields::Known;
use crate::method::Method;
use crate::navigation;
use crate::request::Request;
use crate::route::Route;

/// Whether the route keeps forms, and this is one of a page of this site, sent by a browser that
/// will show the answer. How large it is and of what type is judged where it is read.
#[must_use]
pub fn may_be_kept(request: &Request, site: &Site, route: &Route) -> bool {
    route.keep_post.is_some()
        && *request.method() == Method::Post
        && navigation::shows_a_page(request)
        && is_of_our_page(request, site)
}

/// Stricter than the rule for a session's requests: no other origin is allowed, and `none` is not
/// a page of ours.
fn is_of_our_page(request: &Request, site: &Site) -> bool {
    let fields = request.fields();
    let fetch_site = fields.first_known(Known::SecFetchSite);
    if fetch_site.is_some_and(|fetch_site| fetch_site != b"same-origin") {
        return false;
    }
    match fields.first_known(Known::Origin) {
        // A page that hides its address sends `null` even to itself.
        Some(b"null") | None => fetch_site.is_some(),
        Some(origin) => origin == site.origin().as_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    const OWN: (&str, &str) = ("origin", "http://localhost:8080");
    const FORM: [(&str, &str); 2] = [
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "document"),
    ];

    fn kept(method: &str, fields: &[(&str, &str)], keep_post: Option<usize>) -> bool {
        let mut route = fixture::route("/app");
        route.keep_post = keep_post;
        // What the route allows to others with a session makes no difference here.
        route.danger_any_origin = true;
        route.allowed_origins = vec!["https://spa.example.com".to_owned()];
        may_be_kept(
            &fixture::request(method, "/app", fields),
            &fixture::site(),
            &route,
        )
    }

    #[test]
    fn a_form_of_our_own_page_is_kept_where_the_route_says_so() {
        let with = |more: &[(&'static str, &'static str)]| [&FORM[..], more].concat();
        let same = ("sec-fetch-site", "same-origin");
        for fields in [
            with(&[OWN, same]),
            with(&[same]),
            with(&[("origin", "null"), same]),
        ] {
            assert!(kept("POST", &fields, Some(1000)), "{fields:?}");
            assert!(!kept("POST", &fields, None), "not asked for: {fields:?}");
            for method in ["GET", "PUT", "PATCH", "DELETE"] {
                assert!(!kept(method, &fields, Some(1000)), "{method} {fields:?}");
            }
        }
        // A browser without Fetch Metadata.
        assert!(kept("POST", &[OWN, ("accept", "text/html")], Some(1000)));
    }

    #[test]
    fn a_post_of_another_site_is_never_kept() {
        for more in [
            &[OWN, ("sec-fetch-site", "cross-site")][..],
            &[OWN, ("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "none")],
            &[("origin", "https://spa.example.com")],
            &[
                ("origin", "https://spa.example.com"),
                ("sec-fetch-site", "same-origin"),
            ],
            &[("origin", "https://evil.example.com")],
            &[("origin", "http://localhost:8080.evil.example")],
            &[("origin", "null")],
            &[],
        ] {
            let fields = [&FORM[..], more].concat();
            assert!(!kept("POST", &fields, Some(1000)), "{fields:?}");
        }
    }

    #[test]
    fn what_no_person_looks_at_is_not_kept() {
        let same = ("sec-fetch-site", "same-origin");
        for fields in [
            &[
                OWN,
                same,
                ("sec-fetch-mode", "cors"),
                ("sec-fetch-dest", "empty"),
            ][..],
            &[
                OWN,
                same,
                ("sec-fetch-mode", "navigate"),
                ("sec-fetch-dest", "iframe"),
            ],
            &[OWN, ("accept", "*/*")],
            &[
                OWN,
                ("accept", "text/html"),
                ("x-requested-with", "XMLHttpRequest"),
            ],
        ] {
            assert!(!kept("POST", fields, Some(1000)), "{fields:?}");
        }
    }
}
