//! What routes promise to pages in browsers, and can't keep with the rest of the settings.

use super::Tables;
use crate::read::{At, Context};
use crate::section::route::{Require, RouteSettings};
use crate::section::session::StoreSettings;

/// A form is kept where one sign-in begins and ends.
pub(super) fn keep_post(context: &Context<'_>, tables: &Tables<'_>, route: &At<RouteSettings>) {
    if route.value.keep_post.is_none() || route.value.require == Require::Public {
        return;
    }
    let (at, key) = (route.marks.of("keep_post"), route.marks.key("keep_post"));
    let store = tables.session.map(|session| &session.store);
    if store == Some(&StoreSettings::Cookie) {
        context.error(
            at,
            key,
            "with the cookie store no form can be kept: the sign-in may come back to another replica, which has none",
            "take `keep_post` out, or choose another store",
        );
    } else if tables.providers.len() > 1 && route.value.provider.is_none() {
        let names: Vec<&str> = tables
            .providers
            .iter()
            .filter_map(|provider| provider.value.name.as_deref())
            .collect();
        context.error(
            at,
            key,
            "several providers could sign people in here, and a form can't wait while people choose",
            format!("add provider = \"{}\"", names.join("\" or \"")),
        );
    }
}

/// No form can have a header of its own.
pub(super) fn anti_forgery(context: &Context<'_>, route: &At<RouteSettings>) {
    if route.value.anti_forgery_header.is_some() && route.value.keep_post.is_some() {
        context.error(
            route.marks.of("keep_post"),
            route.marks.key("keep_post"),
            "a form can't have the `anti_forgery_header`, so it would be refused when it is sent again",
            "take one of the two out, or give the forms a route of their own",
        );
    }
}
