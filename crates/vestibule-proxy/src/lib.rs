//! The proxy: sockets, TLS, HTTP, stores, provider and upstream calls.
//!
//! A program builds a [`plan::Plan`] in code and starts a [`server::Server`] on it. The modules in the order a request
//! meets them:
//!
//! | module | decides or holds |
//! |---|---|
//! | [`listen`] | accepting, TLS, limits, HTTP/1.1 and 2 |
//! | `handle` | one request from its head to its answer |
//! | `carry` | a session that its browser carries: taken in, and handed out with the answer |
//! | `evidence` | what the store says about a session handle |
//! | `issuer` | whether that session's provider still speaks for its issuer |
//! | [`signin`] | our own endpoints: sign-in, callback, sign-out, who am I |
//! | [`provider`] | metadata, keys and token calls of one provider |
//! | `forward` | an authorized request on its way: token, headers, answer |
//! | [`tokens`] | the access token a route's upstream gets |
//! | [`upstream`] | connections to upstreams |
//! | [`revocation`] | the tokens of somebody who signed out, at a provider that takes them back |
//! | [`endings`] | who watches a session, and hears of its end |
//! | [`respond`] | decision or error to HTTP, in this one place |
//!
//! Beside them: [`trust`], whose certificates are believed; [`certificate`], what a server shows that is not; [`finding`], what the diagnosis says of what went wrong; [`store`], where sessions live; [`telemetry`] and [`admin`]; [`sessions`], what an operator sees of them and ends; [`pages`], what people see.

pub mod admin;
pub mod body;
mod carry;
pub mod certificate;
mod clock;
pub mod control;
pub mod endings;
pub mod entropy;
mod error_chain;
mod evidence;
pub mod exchange;
pub mod finding;
mod forward;
mod groups;
mod handle;
mod identity;
pub mod incident;
mod issuer;
pub mod listen;
mod log;
pub mod pages;
pub mod plan;
pub mod provider;
pub mod proxy;
pub mod respond;
pub mod revocation;
mod scratch;
pub mod server;
pub mod sessions;
pub mod shared;
pub mod signin;
pub mod store;
pub mod telemetry;
pub mod tokens;
pub mod trust;
pub mod upstream;
mod wheel;
mod wire;
