//! A provider for tests: in process, without sockets, with a knob for each way to be wrong.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use serde_json::{Value, json};
use url::Url;
use vestibule_oidc::authorization::{ExtraParameters, ResponseMode};
use vestibule_oidc::issuer::IssuerRule;
use vestibule_oidc::jose::Algorithm;
use vestibule_oidc::secret::Secret;
use vestibule_oidc::time::UnixTime;

use super::call::{Answering, CallError, ProviderAnswer, ProviderCall, Transport};
use super::{ClientAuthMethod, GraphPermissions, Provider, ProviderPlan, UserInfoUse};
use crate::control::Control;

pub(crate) const ISSUER: &str = "https://idp.example.com";

/// What the fake answers to one call: after a while, this.
pub(crate) type Outcome = Result<(u16, String), CallError>;

/// The answering part of the token endpoint: the form in, status and body out.
type TokenEndpoint = Box<dyn FnMut(&BTreeMap<String, String>) -> Outcome + Send>;

/// Microsoft Graph: path with query, and the JSON that was posted.
type GraphEndpoint = Box<dyn FnMut(&str, Option<Value>) -> Outcome + Send>;

pub(crate) struct Knobs {
    /// Calls are refused like a closed port.
    pub(crate) down: bool,
    /// How long every answer takes.
    pub(crate) delay: Duration,
    /// How long answers of single paths take on top.
    pub(crate) delays: BTreeMap<&'static str, Duration>,
    pub(crate) issuer: String,
    pub(crate) keys: Vec<TestKey>,
    /// Answers the key set instead of `keys`.
    pub(crate) jwks: Option<Outcome>,
    /// Members that replace or add to the metadata; null removes one.
    pub(crate) metadata: BTreeMap<&'static str, Value>,
    pub(crate) token: TokenEndpoint,
    /// The revocation endpoint, which the metadata name if they are told to.
    pub(crate) revoke: TokenEndpoint,
    pub(crate) user_info: Option<Value>,
    /// The same as it stands, of type `application/jwt`.
    pub(crate) signed_user_info: Option<String>,
    /// Answers calls under `/v1.0/`: path with query and JSON in, status and body out.
    pub(crate) graph: GraphEndpoint,
    /// `Retry-After` of every answer.
    pub(crate) retry_after: Option<Duration>,
    /// `Date` of every answer.
    pub(crate) date: Option<UnixTime>,
    /// Paths called, in order.
    pub(crate) calls: Vec<String>,
    /// What the token endpoint was sent, in order.
    pub(crate) forms: Vec<BTreeMap<String, String>>,
    /// Value of `Authorization`, call by call.
    pub(crate) authorizations: Vec<Option<String>>,
}

#[derive(Clone)]
pub(crate) struct FakeProvider(Arc<Mutex<Knobs>>);

impl std::fmt::Debug for FakeProvider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FakeProvider")
    }
}

impl FakeProvider {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Knobs {
            down: false,
            delay: Duration::ZERO,
            delays: BTreeMap::new(),
            issuer: ISSUER.to_owned(),
            keys: vec![TestKey::new("k1")],
            jwks: None,
            metadata: BTreeMap::new(),
            token: Box::new(|_| Ok((400, json!({"error": "invalid_request"}).to_string()))),
            revoke: Box::new(|_| Ok((200, String::new()))),
            user_info: None,
            signed_user_info: None,
            graph: Box::new(|_, _| Ok((404, "{}".to_owned()))),
            retry_after: None,
            date: None,
            calls: Vec::new(),
            forms: Vec::new(),
            authorizations: Vec::new(),
        })))
    }

    pub(crate) fn knobs(&self) -> MutexGuard<'_, Knobs> {
        self.0.lock().unwrap()
    }

    /// How often this path was called.
    pub(crate) fn count(&self, path: &str) -> usize {
        self.knobs()
            .calls
            .iter()
            .filter(|called| *called == path)
            .count()
    }

    pub(crate) fn start(&self) -> Arc<Provider> {
        self.start_with(plan("main"))
    }

    pub(crate) fn start_with(&self, plan: ProviderPlan) -> Arc<Provider> {
        let control = Control::new(tokio::runtime::Handle::current());
        Provider::start(
            plan,
            Arc::new(self.clone()),
            &control,
            &Arc::default(),
            None,
        )
    }

    fn answer(&self, call: &ProviderCall) -> Outcome {
        let mut knobs = self.knobs();
        if knobs.down {
            return Err(CallError::Unreachable {
                reason: "connection refused".to_owned(),
            });
        }
        match call.url.path() {
            "/.well-known/openid-configuration" => Ok((200, metadata(&knobs).to_string())),
            "/keys" => knobs.jwks.clone().unwrap_or_else(|| {
                let keys: Vec<Value> = knobs.keys.iter().map(TestKey::jwk).collect();
                Ok((200, json!({ "keys": keys }).to_string()))
            }),
            "/token" => {
                let form = call.form.as_ref().expect("the token endpoint is posted to");
                let form = url::form_urlencoded::parse(form.expose().as_bytes())
                    .into_owned()
                    .collect::<BTreeMap<_, _>>();
                knobs.forms.push(form.clone());
                (knobs.token)(&form)
            }
            "/revoke" => {
                let form = call
                    .form
                    .as_ref()
                    .expect("the revocation endpoint is posted to");
                let form = url::form_urlencoded::parse(form.expose().as_bytes())
                    .into_owned()
                    .collect::<BTreeMap<_, _>>();
                (knobs.revoke)(&form)
            }
            "/userinfo" => Ok((
                200,
                knobs
                    .signed_user_info
                    .clone()
                    .unwrap_or_else(|| knobs.user_info.clone().unwrap_or_default().to_string()),
            )),
            path if path.starts_with("/v1.0/") => {
                let posted = call.json.as_deref();
                let posted = posted.map(|json| serde_json::from_slice(json).unwrap());
                let target = &call.url[url::Position::BeforePath..];
                (knobs.graph)(target, posted)
            }
            _ => Ok((404, "{}".to_owned())),
        }
    }
}

impl Transport for FakeProvider {
    fn call(&self, call: ProviderCall) -> Answering {
        let this = self.clone();
        Box::pin(async move {
            let delay = {
                let mut knobs = this.knobs();
                knobs.calls.push(call.url.path().to_owned());
                let authorization = call.authorization.as_ref();
                knobs
                    .authorizations
                    .push(authorization.map(|value| value.expose().clone()));
                knobs.delay
                    + knobs
                        .delays
                        .get(call.url.path())
                        .copied()
                        .unwrap_or_default()
            };
            tokio::time::sleep(delay).await;
            let (status, body) = this.answer(&call)?;
            let retry_after = this.knobs().retry_after;
            let content_type = if body.starts_with('<') {
                "text/html"
            } else if body.starts_with("eyJ") {
                "application/jwt"
            } else {
                "application/json"
            };
            Ok(ProviderAnswer {
                status,
                content_type: Some(content_type.to_owned()),
                retry_after,
                date: this.knobs().date,
                body: Bytes::from(body),
            })
        })
    }
}

fn metadata(knobs: &Knobs) -> Value {
    let mut metadata = json!({
        "issuer": knobs.issuer,
        "authorization_endpoint": format!("{ISSUER}/authorize"),
        "token_endpoint": format!("{ISSUER}/token"),
        "jwks_uri": format!("{ISSUER}/keys"),
        "userinfo_endpoint": format!("{ISSUER}/userinfo"),
        "end_session_endpoint": format!("{ISSUER}/logout"),
        "authorization_response_iss_parameter_supported": true,
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "code_challenge_methods_supported": ["S256"],
    });
    let members = metadata.as_object_mut().unwrap();
    for (name, value) in &knobs.metadata {
        members.remove(*name);
        if !value.is_null() {
            members.insert((*name).to_owned(), value.clone());
        }
    }
    metadata
}

pub(crate) fn plan(name: &str) -> ProviderPlan {
    ProviderPlan {
        name: name.to_owned(),
        label: "Example".to_owned(),
        metadata_url: Url::parse(&format!("{ISSUER}/.well-known/openid-configuration")).unwrap(),
        issuer_is_named: true,
        issuer: IssuerRule::exact(ISSUER),
        client_id: "client".to_owned(),
        client_secret: Some(Secret::from("secret-of-the-client")),
        client_secret_from: Some("file:/etc/vestibule/secret".to_owned()),
        client_auth_method: ClientAuthMethod::FromMetadata,
        scopes: vec!["openid".to_owned(), "offline_access".to_owned()],
        resource: None,
        audience: None,
        more: Vec::new(),
        response_mode: ResponseMode::Query,
        danger_no_pkce: false,
        user_info: UserInfoUse::Never,
        authorization_parameters: ExtraParameters::default(),
        id_token_algorithms: vec![Algorithm::Es256],
        access_token_audiences: Vec::new(),
        graph: None,
        graph_permissions: GraphPermissions::Delegated,
        max_age: None,
        clock_skew: Duration::from_secs(60),
        hosts: Vec::new(),
        redirect_path: None,
        redirect_actions: None,
        lost_sign_in_page: None,
    }
}

/// A signing key of the fake.
#[derive(Clone)]
pub(crate) struct TestKey {
    kid: String,
    pair: Arc<EcdsaKeyPair>,
}

impl TestKey {
    pub(crate) fn new(kid: &str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        Self {
            kid: kid.to_owned(),
            pair: Arc::new(pair),
        }
    }

    fn jwk(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.kid,
            "x": URL_SAFE_NO_PAD.encode(&point[1..33]),
            "y": URL_SAFE_NO_PAD.encode(&point[33..65]),
        })
    }

    /// A signed token with these claims.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        let header = json!({"alg": "ES256", "typ": "JWT", "kid": self.kid}).to_string();
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let input = format!("{}.{}", encode(&header), encode(&claims.to_string()));
        let signature = self
            .pair
            .sign(&SystemRandom::new(), input.as_bytes())
            .unwrap();
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }
}
