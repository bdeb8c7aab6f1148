//! What each page says: one variant per page, with the data its template may use.

use minijinja::{Value, context};

use crate::incident::IncidentId;

/// A link a page offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What the person reads.
    pub label: String,
    /// Where it leads: a path on this host.
    pub href: String,
}

/// A diagnosis shown to the person: what was seen, why, and what to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageFinding {
    /// One line.
    pub title: String,
    /// Why it happens.
    pub cause: String,
    /// What to change, named as the person meets it.
    pub cure: String,
}

/// One of our own pages.
///
/// Not `#[non_exhaustive]`: the renderer matches it whole, and a page without a template is a bug
/// the compiler should find.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Page {
    /// Which provider to sign in with.
    Choice {
        /// One link per provider.
        providers: Vec<Link>,
    },
    /// Asks before signing out.
    SignOut {
        /// Who is signed in, as a person would recognise it.
        name: Option<String>,
        /// The provider whose session ends too.
        at_provider: Option<String>,
        /// Where the form posts to.
        action: String,
        /// Where "stay signed in" leads.
        back: String,
        /// Another site tried to sign the person out.
        cross_site: bool,
        /// This is a site on plain http, where the provider may be too.
        plain_http: bool,
    },
    /// Signed out.
    SignedOut {
        /// Where "sign in again" leads.
        sign_in: String,
        /// The provider could not be asked to end its own session.
        provider_session_may_live: bool,
    },
    /// Something went wrong.
    Error {
        /// The heading.
        title: String,
        /// A text safe for strangers.
        message: String,
        /// What the provider said, in its words.
        detail: Option<String>,
        /// The diagnosis, when there is one.
        findings: Vec<PageFinding>,
        /// What the person can do now.
        actions: Vec<Link>,
        /// The stable code.
        code: &'static str,
        /// Found in the log too.
        incident: IncidentId,
    },
    /// Signed in, but not allowed.
    NotAllowed {
        /// Who is signed in.
        name: Option<String>,
        /// Where "sign in as someone else" leads.
        sign_in: String,
        /// The stable code.
        code: &'static str,
        /// Found in the log too.
        incident: IncidentId,
    },
    /// A part we need can't be asked at the moment.
    Unavailable {
        /// A text safe for strangers.
        message: String,
        /// Where "try again" leads.
        retry: String,
        /// The stable code.
        code: &'static str,
        /// Found in the log too.
        incident: IncidentId,
    },
}

impl Page {
    /// The template's file name.
    pub(super) const fn template(&self) -> &'static str {
        match self {
            Self::Choice { .. } => "choice.html",
            Self::SignOut { .. } => "sign_out.html",
            Self::SignedOut { .. } => "signed_out.html",
            Self::Error { .. } => "error.html",
            Self::NotAllowed { .. } => "not_allowed.html",
            Self::Unavailable { .. } => "unavailable.html",
        }
    }

    /// The heading and the document's title.
    pub(super) fn title(&self) -> &str {
        match self {
            Self::Choice { .. } => "Sign in",
            Self::SignOut { .. } => "Sign out?",
            Self::SignedOut { .. } => "You are signed out",
            Self::Error { title, .. } => title,
            Self::NotAllowed { .. } => "Not allowed",
            Self::Unavailable { .. } => "Not available at the moment",
        }
    }

    /// The data the template may use.
    pub(super) fn context(&self) -> Value {
        match self {
            Self::Choice { providers } => context! { providers => links(providers) },
            Self::SignOut {
                name,
                at_provider,
                action,
                back,
                cross_site,
                plain_http: _,
            } => context! {
                name => name.clone().unwrap_or_default(),
                at_provider => at_provider.clone().unwrap_or_default(),
                action => action.clone(),
                back => back.clone(),
                cross_site => *cross_site,
            },
            Self::SignedOut {
                sign_in,
                provider_session_may_live,
            } => context! {
                sign_in => sign_in.clone(),
                provider_session_may_live => *provider_session_may_live,
            },
            Self::Error {
                title: _,
                message,
                detail,
                findings,
                actions,
                code,
                incident,
            } => {
                context! {
                    message => message.clone(),
                    detail => detail.clone().unwrap_or_default(),
                    findings => findings.iter().map(|finding| context! {
                        title => finding.title.clone(),
                        cause => finding.cause.clone(),
                        cure => finding.cure.clone(),
                    }).collect::<Vec<Value>>(),
                    actions => links(actions),
                    code => *code,
                    incident => incident.to_string(),
                }
            }
            Self::NotAllowed {
                name,
                sign_in,
                code,
                incident,
            } => context! {
                name => name.clone().unwrap_or_default(),
                sign_in => sign_in.clone(),
                code => *code,
                incident => incident.to_string(),
            },
            Self::Unavailable {
                message,
                retry,
                code,
                incident,
            } => context! {
                message => message.clone(),
                retry => retry.clone(),
                code => *code,
                incident => incident.to_string(),
            },
        }
    }
}

fn links(links: &[Link]) -> Vec<Value> {
    links
        .iter()
        .map(|link| context! { label => link.label.clone(), href => link.href.clone() })
        .collect()
}
