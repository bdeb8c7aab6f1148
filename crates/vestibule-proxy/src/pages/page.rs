//! What each page says: one variant per page, with the data its template may use.

use minijinja::{Value, context};
use vestibule_diagnosis::{Change, Finding, Place, catalogue};

use crate::incident::IncidentId;

/// A link a page offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What the person reads.
    pub label: String,
    /// Where it leads: a path on this host, or a whole address of our own.
    pub href: String,
}

/// A diagnosis shown to the person. Words in backticks become code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageFinding {
    /// Its stable code.
    pub code: &'static str,
    /// What it is called: half a sentence.
    pub title: String,
    /// What was seen.
    pub seen: String,
    /// Why it happens.
    pub cause: String,
    /// What to change; the first is the one to try first.
    pub changes: Vec<PageChange>,
}

/// One thing to change, named as the person meets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageChange {
    /// Where.
    pub place: &'static str,
    /// The portal's field, the configuration's key.
    pub name: String,
    /// What to do.
    pub text: String,
    /// The line to write, if there is one.
    pub line: Option<String>,
}

impl PageFinding {
    /// The finding as a page shows it. What a stranger may not read has been taken out before.
    #[must_use]
    pub fn of(finding: &Finding) -> Self {
        let title = catalogue::row(finding.code).map_or(finding.code, |row| row.title);
        let change = |change: &Change| PageChange {
            place: place(change.place),
            name: change.name.clone(),
            text: change.text.clone(),
            line: change.line.clone(),
        };
        Self {
            code: finding.code,
            title: capitalised(title),
            seen: finding.seen.clone(),
            cause: finding.why.clone(),
            changes: finding.change.iter().map(change).collect(),
        }
    }

    fn context(&self) -> Value {
        let changes = self.changes.iter().map(|change| {
            context! {
                place => change.place,
                name => change.name.clone(),
                text => change.text.clone(),
                line => change.line.clone().unwrap_or_default(),
            }
        });
        context! {
            code => self.code,
            title => self.title.clone(),
            seen => self.seen.clone(),
            cause => self.cause.clone(),
            changes => changes.collect::<Vec<Value>>(),
        }
    }
}

const fn place(place: Place) -> &'static str {
    match place {
        Place::Portal => "In the Entra portal",
        Place::Config => "In vestibule.toml",
        Place::Apache => "In Apache's configuration",
        Place::Api => "In the API or app",
        Place::Provider => "At the identity provider",
        // The name says it: the browser, the clock, a proxy in front.
        _ => "",
    }
}

/// A title as a heading begins. One that begins with a name in lower case, as `form_post`, stays.
fn capitalised(title: &str) -> String {
    let word = title.split_whitespace().next().unwrap_or_default();
    let mut chars = title.chars();
    match chars.next() {
        Some(first) if word.chars().all(|char| char.is_ascii_lowercase()) => {
            first.to_ascii_uppercase().to_string() + chars.as_str()
        }
        _ => title.to_owned(),
    }
}

/// Who wrote a form that is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WrittenBy {
    /// Whoever is signed in now, or nobody was signed in then.
    You,
    /// Somebody else was signed in.
    SomebodyElse,
    /// Somebody was signed in whose session is no longer known.
    NobodyKnows,
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
        /// The name of the button that ends the person's other sessions too; without a session there
        /// is none.
        everywhere: Option<String>,
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
    /// Sends a form again that was kept over a sign-in.
    SendAgain {
        /// Where the form posts to: where it was sent to before.
        action: String,
        /// Names and values, in their order.
        fields: Vec<(String, String)>,
        /// Who wrote it, as far as that is known. Only what the person here wrote is sent by itself.
        written_by: WrittenBy,
        /// This is a site on plain http.
        plain_http: bool,
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
        /// The diagnosis, when there is one.
        findings: Vec<PageFinding>,
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
            Self::SendAgain { .. } => "send_again.html",
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
            Self::SendAgain {
                written_by: WrittenBy::You,
                ..
            } => "Sending what you wrote",
            Self::SendAgain { .. } => "Send this as you?",
            Self::Error { title, .. } => title,
            Self::NotAllowed { .. } => "Not allowed",
            Self::Unavailable { .. } => "Not available at the moment",
        }
    }

    /// Whether the page sends its form by itself.
    pub(super) const fn sends_itself(&self) -> bool {
        matches!(
            self,
            Self::SendAgain {
                written_by: WrittenBy::You,
                ..
            }
        )
    }

    /// The findings, if there are any.
    pub(super) fn findings(&self) -> Option<Vec<Value>> {
        match self {
            Self::Error { findings, .. } | Self::Unavailable { findings, .. } => {
                (!findings.is_empty()).then(|| all(findings))
            }
            _ => None,
        }
    }

    /// The names of what a template of this page may use: its own, the frame's, or the part about the cause.
    pub(super) fn variables(&self, template: &str) -> Vec<String> {
        let own: Vec<&str> = match template {
            super::LAYOUT => return ["title", "style", "content"].map(str::to_owned).into(),
            super::FINDINGS => return vec!["findings".to_owned()],
            _ => match self {
                Self::Error { .. } | Self::Unavailable { .. } => vec!["diagnosis"],
                Self::SendAgain { .. } => vec!["script"],
                _ => Vec::new(),
            },
        };
        let context = self.context();
        let names = context.try_iter().into_iter().flatten();
        let mut names: Vec<String> = names.map(|name| name.to_string()).collect();
        names.extend(own.into_iter().map(str::to_owned));
        names
    }

    /// The data the template may use, and its `diagnosis`.
    pub(super) fn context(&self) -> Value {
        match self {
            Self::Choice { providers } => context! { providers => links(providers) },
            Self::SignOut {
                name,
                at_provider,
                action,
                everywhere,
                back,
                cross_site,
                plain_http: _,
            } => context! {
                name => name.clone().unwrap_or_default(),
                at_provider => at_provider.clone().unwrap_or_default(),
                action => action.clone(),
                everywhere => everywhere.clone().unwrap_or_default(),
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
            Self::SendAgain {
                action,
                fields,
                written_by,
                plain_http: _,
            } => context! {
                action => action.clone(),
                fields => fields
                    .iter()
                    .map(|(name, value)| context! { name => name.clone(), value => value.clone() })
                    .collect::<Vec<Value>>(),
                other_sender => *written_by == WrittenBy::SomebodyElse,
                unknown_sender => *written_by == WrittenBy::NobodyKnows,
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
                    findings => all(findings),
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
                findings,
                retry,
                code,
                incident,
            } => context! {
                message => message.clone(),
                findings => all(findings),
                retry => retry.clone(),
                code => *code,
                incident => incident.to_string(),
            },
        }
    }
}

fn all(findings: &[PageFinding]) -> Vec<Value> {
    findings.iter().map(PageFinding::context).collect()
}

fn links(links: &[Link]) -> Vec<Value> {
    links
        .iter()
        .map(|link| context! { label => link.label.clone(), href => link.href.clone() })
        .collect()
}
