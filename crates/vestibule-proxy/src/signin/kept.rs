//! A form that met a sign-in: kept, sealed, until the person is back, then sent again by a page of ours.
//!
//! | step | what keeps it safe |
//! |---|---|
//! | the gate lets it be kept | the route asks for it, and a page of this very origin had sent it |
//! | read | only what a browser will write again byte for byte; what has arrived is bounded for each form, for each address and in all |
//! | kept | sealed, in memory, bounded for each address and in all, ten minutes at most; its id is only in the sealed cookie of the sign-in |
//! | taken | once, by the browser whose sign-in is completed |
//! | sent again | to the path it was sent to; by itself only to the person who had sent it, or if nobody was signed in then |
//!
//! What can't be kept or is gone is said on a page; it is never sent twice, nor anywhere else.

mod form;
mod shelf;

use vestibule_gate::request::Request;
use vestibule_oidc::fault::Fault;
use vestibule_oidc::time::UnixTime;
use vestibule_session::cookie::pairs;
use vestibule_session::kept_post::{Author, KeptPost, KeptPostId, Sender};
use vestibule_session::return_to::ReturnTo;
use vestibule_session::site::Site;
use zeroize::Zeroizing;

use super::{Visit, cookies, is_form, path};
use crate::body::{Body, BodyError, Length};
use crate::entropy::random_bytes;
use crate::exchange::Response;
use crate::pages::{Link, Page, WrittenBy};
use crate::plan::Plan;
use crate::respond::{self, Context, Failure};
use crate::shared::Shared;

use form::{Form, NoForm};
use shelf::Reading;

pub use shelf::KeptPosts;

/// Why a form was not kept.
///
/// Matched exhaustively where it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotKept {
    /// It is not `application/x-www-form-urlencoded`.
    #[error("keep a form of that type")]
    Type,
    /// It has too many fields.
    #[error("keep a form of that many fields")]
    Fields,
    /// A browser would not write it again byte for byte.
    #[error("keep a form that can't be sent again as it was")]
    Form,
    /// It is larger than the route keeps.
    #[error("keep a form of that size")]
    TooLarge,
    /// It did not arrive whole.
    #[error("read a form to its end")]
    Body,
    /// Its address can't be written again as it was.
    #[error("keep a form for that address")]
    Target,
    /// Too many forms are being read.
    #[error("find room to read a form")]
    Busy,
    /// The sealing failed.
    #[error("seal a form")]
    Seal,
}

impl NotKept {
    const fn code(self) -> &'static str {
        match self {
            Self::Type => "post_not_kept_type",
            Self::Fields => "post_not_kept_fields",
            Self::Form => "post_not_kept_form",
            Self::TooLarge => "post_not_kept_size",
            Self::Body => "post_not_kept_body",
            Self::Target => "post_not_kept_address",
            Self::Busy => "post_not_kept_busy",
            Self::Seal => "post_not_kept_seal",
        }
    }

    const fn message(self) -> &'static str {
        match self {
            Self::Type => {
                "You are signed out, and what you sent can't be kept while you sign in: it may have a file in it, or is no ordinary form. Go back, copy what you typed, sign in, then send it again."
            }
            Self::Fields => {
                "You are signed out, and what you sent can't be kept while you sign in: it has more than 1,000 fields. Go back, copy what you typed, sign in, then send it again."
            }
            Self::Form => {
                "You are signed out, and what you sent can't be kept while you sign in: it is written in a way that can't be repeated exactly. Go back, copy what you typed, sign in, then send it again."
            }
            Self::TooLarge => {
                "You are signed out, and what you sent is too large to be kept while you sign in. Go back, copy what you typed, sign in, then send it again."
            }
            Self::Body | Self::Target | Self::Busy | Self::Seal => {
                "You are signed out, and what you sent could not be kept while you sign in. Go back, copy what you typed, sign in, then send it again."
            }
        }
    }
}

impl From<NoForm> for NotKept {
    fn from(why: NoForm) -> Self {
        match why {
            NoForm::TooManyFields => Self::Fields,
            NoForm::WrittenOtherwise => Self::Form,
        }
    }
}

/// A form that the gate lets be kept.
pub(super) struct Posted<'p> {
    pub(super) shared: &'p Shared,
    pub(super) plan: &'p Plan,
    pub(super) site: &'p Site,
    pub(super) request: &'p Request,
    /// The most bytes that its route keeps.
    pub(super) limit_bytes: usize,
    pub(super) now: UnixTime,
}

/// Reads a form to its end and keeps it.
///
/// # Errors
///
/// [`NotKept`]. Nothing is kept then.
pub(super) async fn keep(
    posted: &Posted<'_>,
    body: Body,
    context: &Context<'_>,
) -> Result<KeptPostId, NotKept> {
    let Posted {
        shared,
        plan,
        site,
        request,
        limit_bytes,
        now,
    } = *posted;
    let target = exact_target(request).ok_or(NotKept::Target)?;
    if !is_form(request) || request.fields().contains("content-encoding") {
        return Err(NotKept::Type);
    }
    let mut reading = shared.kept_posts.reading(request.client_ip());
    let form = read(body, limit_bytes, &mut reading).await?;
    drop(reading);
    Form::read(&form).map_err(NotKept::from)?;
    let post = KeptPost {
        target,
        form,
        author: author(request, site, context),
    };
    let random = || random_bytes().map_err(|_| NotKept::Seal);
    let id = KeptPostId::from_entropy(random()?);
    let nonce = random_bytes().map_err(|_| NotKept::Seal)?;
    let sealed = post
        .seal(&id, site, &plan.keys, nonce)
        .map_err(|_| NotKept::Seal)?;
    shared.kept_posts.keep(id, sealed, request.client_ip(), now);
    Ok(id)
}

/// The whole body, in room that is taken as it arrives.
async fn read(
    mut body: Body,
    limit_bytes: usize,
    reading: &mut Reading<'_>,
) -> Result<Zeroizing<Vec<u8>>, NotKept> {
    if matches!(body.length(), Length::Known(length) if length > limit_bytes as u64) {
        return Err(NotKept::TooLarge);
    }
    let mut form = Zeroizing::new(Vec::new());
    while let Some(piece) = body.piece().await {
        let piece = piece.map_err(|error| match error {
            BodyError::TooLarge { .. } => NotKept::TooLarge,
            BodyError::Aborted | BodyError::TooSlow => NotKept::Body,
        })?;
        if form.len() + piece.len() > limit_bytes {
            return Err(NotKept::TooLarge);
        }
        reading.take(piece.len()).ok_or(NotKept::Busy)?;
        form.extend_from_slice(&piece);
    }
    Ok(form)
}

/// Who was signed in. A session that has ended may be forgotten already, and its cookie still come.
fn author(request: &Request, site: &Site, context: &Context<'_>) -> Author {
    if let Some(stored) = context.session() {
        return Author::Known(Sender::of(stored.record()));
    }
    let session = site.cookies().session().as_bytes();
    let mut sent = cookies(request).flat_map(pairs);
    match sent.any(|pair| pair.name == session) {
        true => Author::Unknown,
        false => Author::Nobody,
    }
}

/// Where the form was sent to, if it can be sent there again to the letter.
fn exact_target(request: &Request) -> Option<ReturnTo> {
    let path = request.path().as_bytes();
    let whole = match request.query() {
        Some(query) => [path, &b"?"[..], query].concat(),
        None => path.to_vec(),
    };
    ReturnTo::parse(&whole).ok()
}

/// Says that the form was not kept: 401, and what to do.
pub(super) fn not_kept(why: NotKept, context: &Context<'_>) -> Response {
    let mut failure = Failure::new(why.code(), Fault::Client, why.message())
        .titled("Sign in, then send it again");
    failure.actions = vec![Link {
        label: "Sign in".to_owned(),
        href: path::sign_in(None, Some(&context.return_to())),
    }];
    respond::sign_in_first(&failure, &context.for_person())
}

/// Answers a completed sign-in for whose sake a form was kept: sends it again, or says that it is gone.
pub(super) fn send_again(
    visit: &Visit<'_>,
    id: &KeptPostId,
    signed_in: &Sender,
    return_to: &ReturnTo,
    context: &Context<'_>,
) -> Response {
    let (site, keys) = (visit.site, &visit.plan.keys);
    let kept = visit
        .shared
        .kept_posts
        .take(id, visit.now)
        .and_then(|sealed| KeptPost::open(&sealed, id, site, keys));
    let fields = kept.as_ref().and_then(|post| Form::read(&post.form).ok());
    let (Some(post), Some(form)) = (kept, fields) else {
        tracing::info!(
            incident = %context.incident(),
            code = "kept_post_gone",
            "a form that was kept over a sign-in is gone: too many were waiting, or the program was restarted"
        );
        let message = "You are signed in. What you sent before is no longer here, and was not sent: too much was waiting, or the service was restarted. Send it again.";
        let mut failure = Failure::new("kept_post_gone", Fault::Operator, message)
            .titled("Signed in, and nothing sent");
        failure.actions = vec![Link {
            label: "Go on".to_owned(),
            href: return_to.as_str().to_owned(),
        }];
        return respond::signed_in_but(&failure, &context.for_person());
    };
    let page = Page::SendAgain {
        action: post.target.as_str().to_owned(),
        fields: form.into_fields(),
        written_by: match post.author {
            Author::Known(sender) if sender != *signed_in => WrittenBy::SomebodyElse,
            Author::Known(_) | Author::Nobody => WrittenBy::You,
            Author::Unknown => WrittenBy::NobodyKnows,
        },
        plain_http: !site.is_secure(),
    };
    respond::send_again(&page, context)
}
