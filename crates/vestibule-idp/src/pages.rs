//! The pages: what they show, and the headers that keep them harmless.
//!
//! Plain HTML that works without a script; the one script submits the `form_post` answer, and a
//! button stands beside it. No page may be stored, framed, or fetch anything.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::header;
use minijinja::{Environment, Value, context};
use url::Url;

use crate::{
    aadsts::Report,
    directory::{Account, NewPerson},
    provider::Provider,
    reply::{self, Reply},
};

const STYLE: &str = include_str!("pages/style.css");
const SUBMIT: &str = "document.forms[0].submit()";

const TEMPLATES: [(&str, &str); 9] = [
    ("layout.html", include_str!("pages/layout.html")),
    ("pick_account.html", include_str!("pages/pick_account.html")),
    ("consent.html", include_str!("pages/consent.html")),
    ("refused.html", include_str!("pages/refused.html")),
    ("form_post.html", include_str!("pages/form_post.html")),
    ("sign_out.html", include_str!("pages/sign_out.html")),
    ("signed_out.html", include_str!("pages/signed_out.html")),
    ("index.html", include_str!("pages/index.html")),
    ("about_errors.html", include_str!("pages/about_errors.html")),
];

/// The templates, parsed: the layout, and what goes into it.
#[derive(Debug)]
pub(crate) struct Pages {
    templates: Environment<'static>,
    style_hash: String,
    script_hash: String,
}

/// What the account picker shows.
pub(crate) struct Picker<'a> {
    pub(crate) app: &'a str,
    pub(crate) action: String,
    /// The redirect URI: where the form's answer will lead.
    pub(crate) leads_to: &'a str,
    pub(crate) accounts: &'a [(Account, bool)],
    pub(crate) tenant: &'a str,
    pub(crate) domain: &'a str,
    pub(crate) problem: Option<&'a str>,
    pub(crate) new: NewPerson,
}

/// What the consent page shows.
pub(crate) struct ConsentPage<'a> {
    pub(crate) app: &'a str,
    pub(crate) action: String,
    pub(crate) leads_to: &'a str,
    pub(crate) account: &'a Account,
    pub(crate) permissions: Vec<String>,
    pub(crate) tenant: &'a str,
}

impl Pages {
    /// Parses the templates.
    ///
    /// # Errors
    ///
    /// A template that doesn't parse, which a test rules out.
    pub(crate) fn new() -> Result<Self, minijinja::Error> {
        let mut templates = Environment::new();
        for (name, source) in TEMPLATES {
            templates.add_template(name, source)?;
        }
        let hash = |text: &str| {
            format!(
                "'sha256-{}'",
                STANDARD.encode(digest(&SHA256, text.as_bytes()))
            )
        };
        Ok(Self {
            templates,
            style_hash: hash(STYLE),
            script_hash: hash(SUBMIT),
        })
    }

    pub(crate) fn index(&self, provider: &Provider) -> Reply {
        let people: Vec<Value> = provider
            .directory
            .people()
            .iter()
            .map(|person| {
                context! {
                    name => &person.name, account => &person.account,
                    username => &person.username, note => &person.note,
                }
            })
            .collect();
        self.page(
            200,
            "index.html",
            "Local identity provider",
            context! { values => provider.describe(), people },
            None,
            "",
        )
    }

    pub(crate) fn about_errors(&self) -> Reply {
        self.page(
            200,
            "about_errors.html",
            "About errors",
            context! {},
            None,
            "",
        )
    }

    pub(crate) fn pick_account(&self, picker: &Picker<'_>) -> Reply {
        let accounts: Vec<Value> = picker
            .accounts
            .iter()
            .map(|(account, signed_in)| shown(account, *signed_in))
            .collect();
        let new = context! {
            name => &picker.new.name, username => &picker.new.username,
            guest => picker.new.guest, personal => picker.new.personal,
            group_count => &picker.new.group_count, roles => &picker.new.roles,
        };
        let values = context! {
            app => picker.app, action => &picker.action, accounts, tenant => picker.tenant,
            domain => picker.domain, problem => picker.problem, new,
        };
        self.page(
            200,
            "pick_account.html",
            "Pick an account",
            values,
            Some(picker.leads_to),
            "",
        )
    }

    pub(crate) fn consent(&self, page: &ConsentPage<'_>) -> Reply {
        let person = &page.account.person;
        let values = context! {
            app => page.app, action => &page.action, account => &person.account,
            username => &person.username, admin => person.admin,
            permissions => &page.permissions, tenant => page.tenant,
        };
        self.page(
            200,
            "consent.html",
            "Permissions requested",
            values,
            Some(page.leads_to),
            "",
        )
    }

    /// A refusal the app is not told.
    pub(crate) fn refused(&self, report: &Report) -> Reply {
        let hint = match report.refusal.number() {
            50011 => {
                "Register exactly this redirect URI, scheme, port, path and letter case included, \
                 or correct the one the app sends."
            }
            50020 => "Sign in with an account of this tenant, or have this one invited as a guest.",
            50105 => "Assign the person to the app, or switch off that assignment is required.",
            50194 => "Use the path of the app's own tenant instead of /common.",
            90002 => "Check the tenant in the address.",
            90094 => "Ask an administrator to agree for everyone.",
            500_201 => "Use the v2.0 endpoints.",
            700_016 => "Check the client ID, and that the address names the app's tenant.",
            _ => "",
        };
        let values = context! {
            number => report.refusal.number(), text => report.refusal.text(), hint,
            trace_id => report.trace_id.as_str(),
            correlation_id => report.correlation_id.as_str(),
            timestamp => &report.timestamp,
        };
        self.page(
            400,
            "refused.html",
            "Sign-in did not work",
            values,
            None,
            "",
        )
    }

    pub(crate) fn form_post(&self, action: &str, fields: &[(String, String)]) -> Reply {
        let fields: Vec<Value> = fields.iter().map(Value::from).collect();
        let values = context! { action, fields, script => SUBMIT };
        self.page(
            200,
            "form_post.html",
            "Going back",
            values,
            Some(action),
            &self.script_hash,
        )
    }

    pub(crate) fn sign_out(&self, action: &str, leads_to: &str, accounts: &[Account]) -> Reply {
        let accounts: Vec<Value> = accounts
            .iter()
            .map(|account| shown(account, true))
            .collect();
        self.page(
            200,
            "sign_out.html",
            "Sign out",
            context! { action, accounts },
            Some(leads_to),
            "",
        )
    }

    /// `frames` are the apps' addresses that are to hear of it.
    pub(crate) fn signed_out(&self, unregistered: Option<&str>, frames: &[String]) -> Reply {
        let mut page = self.page(
            200,
            "signed_out.html",
            "Signed out",
            context! { unregistered, frames => frames.to_vec() },
            None,
            "",
        );
        let origins = frames.iter().filter_map(|frame| Url::parse(frame).ok());
        let origins: Vec<String> = origins
            .map(|url| url.origin().ascii_serialization())
            .collect();
        if !origins.is_empty() {
            let policy = page.headers().get(header::CONTENT_SECURITY_POLICY);
            let policy = policy.and_then(|policy| policy.to_str().ok());
            let policy = format!(
                "{}; frame-src {}",
                policy.unwrap_or_default(),
                origins.join(" ")
            );
            page.headers_mut().remove(header::CONTENT_SECURITY_POLICY);
            page = reply::with_header(page, header::CONTENT_SECURITY_POLICY, &policy);
        }
        page
    }

    fn page(
        &self,
        status: u16,
        template: &str,
        title: &str,
        values: Value,
        leads_to: Option<&str>,
        script: &str,
    ) -> Reply {
        let render = |template: &str, values: Value| {
            self.templates
                .get_template(template)
                .and_then(|template| template.render(values))
        };
        let rendered = render(template, values)
            .and_then(|main| render("layout.html", context! { title, main, style => STYLE }));
        let Ok(body) = rendered else {
            return reply::text(500, "The page could not be made.\n");
        };
        // `form-action` also holds for where the form's answer redirects to, so the app's own
        // origin must be in it.
        let leads_to = leads_to
            .and_then(|uri| Url::parse(uri).ok())
            .map(|uri| uri.origin().ascii_serialization())
            .unwrap_or_default();
        let script = if script.is_empty() { "'none'" } else { script };
        let policy = format!(
            "default-src 'none'; style-src {}; script-src {script}; \
             form-action 'self' {leads_to}; base-uri 'none'; frame-ancestors 'none'",
            self.style_hash
        );
        let page = reply::answer(status, "text/html; charset=utf-8", body);
        let page = reply::with_header(page, header::CONTENT_SECURITY_POLICY, &policy);
        reply::with_header(page, header::X_FRAME_OPTIONS, "DENY")
    }
}

fn shown(account: &Account, signed_in: bool) -> Value {
    let person = &account.person;
    context! {
        account => &person.account, name => &person.name, username => &person.username,
        note => &person.note, initials => person.initials(), signed_in,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_parses() {
        Pages::new().unwrap();
    }
}
