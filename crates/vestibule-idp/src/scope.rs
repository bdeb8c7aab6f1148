//! What a client asks for: the OpenID Connect scopes, and which resource with which permissions.
//!
//! The v2.0 endpoints read it from `scope`, the v1.0 endpoints from `resource` alone. A resource is
//! Microsoft Graph (its imitation), or an API of the directory, or, on v1.0 without `resource`,
//! nothing but the userinfo endpoint.

use std::sync::Arc;

use crate::{
    aadsts::{self, Refusal},
    directory::{App, Directory},
};

/// The client ID of Microsoft Graph, and the audience of its tokens.
pub(crate) const GRAPH_ID: &str = "00000003-0000-0000-c000-000000000000";
const GRAPH_URI: &str = "https://graph.microsoft.com";
/// The Graph permissions this provider knows; what an unqualified scope can name.
const GRAPH_SCOPES: [&str; 8] = [
    "User.Read",
    "User.ReadBasic.All",
    "User.Read.All",
    "Mail.Read",
    "Calendars.Read",
    "Files.Read",
    "GroupMember.Read.All",
    "Directory.Read.All",
];

/// Everything a request asks for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    pub(crate) openid: bool,
    pub(crate) profile: bool,
    pub(crate) email: bool,
    pub(crate) offline_access: bool,
    /// The resources in the order they were named.
    pub(crate) resources: Vec<Wanted>,
}

/// One resource and what is wanted of it.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) resource: Resource,
    /// The resource as the client spelled it, which a v1.0 token's `aud` repeats.
    pub(crate) spelling: String,
    pub(crate) permissions: Permissions,
}

/// Whom an access token is for.
#[derive(Debug, Clone)]
pub(crate) enum Resource {
    /// Microsoft Graph.
    Graph,
    /// An API of the directory.
    Api(Arc<App>),
    /// v1.0 without `resource`: good for the v1.0 userinfo endpoint alone.
    V1Userinfo,
}

/// Which permissions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Permissions {
    /// Whatever has been granted: `.default`, a bare App ID URI, or v1.0.
    Granted {
        /// Whether `/.default` was written, so that the response repeats it.
        spelled_default: bool,
    },
    /// These, by their short names.
    Named(Vec<String>),
}

impl Resource {
    /// A name for sets and comparisons.
    pub(crate) fn id(&self) -> &str {
        match self {
            Self::Graph => GRAPH_ID,
            Self::Api(app) => app.client_id.as_str(),
            Self::V1Userinfo => "v1-userinfo",
        }
    }

    /// Whether a client id or Application ID URI means this one.
    pub(crate) fn is_named(&self, identifier: &str) -> bool {
        match self {
            Self::Api(app) => app.is_named(identifier),
            Self::Graph | Self::V1Userinfo => self.id() == identifier,
        }
    }
}

impl Asked {
    /// Reads the `scope` of a v2.0 request.
    ///
    /// # Errors
    ///
    /// 70011, 650053, 500011.
    pub(crate) fn from_scope(scope: &str, directory: &Directory) -> Result<Self, Refusal> {
        let mut asked = Self::default();
        for token in scope.split(' ').filter(|token| !token.is_empty()) {
            match token {
                "openid" => asked.openid = true,
                "profile" => asked.profile = true,
                "email" => asked.email = true,
                "offline_access" => asked.offline_access = true,
                _ => {
                    let (resource, spelling, permission) = read_token(token, directory)?;
                    asked.add(resource, spelling, permission)?;
                }
            }
        }
        let mixes_default = asked.resources.len() > 1
            && asked.resources.iter().any(|wanted| {
                wanted.permissions
                    == Permissions::Granted {
                        spelled_default: true,
                    }
            });
        if mixes_default {
            return Err(Refusal::new(
                aadsts::SCOPE_INVALID,
                ".default beside other scopes",
            ));
        }
        Ok(asked)
    }

    /// Reads the `resource` of a v1.0 request; `scope` is ignored there, and everything OpenID
    /// Connect can give is given.
    ///
    /// # Errors
    ///
    /// 500011.
    pub(crate) fn from_resource(
        resource: Option<&str>,
        directory: &Directory,
    ) -> Result<Self, Refusal> {
        let wanted = match resource {
            None => Wanted {
                resource: Resource::V1Userinfo,
                spelling: String::new(),
                permissions: Permissions::Granted {
                    spelled_default: false,
                },
            },
            Some(spelling) => Wanted {
                resource: find(spelling, directory)
                    .or_else(|| find(spelling.trim_end_matches('/'), directory))
                    .or_else(|| find(&format!("{spelling}/"), directory))
                    .ok_or_else(|| Refusal::new(aadsts::RESOURCE_NOT_FOUND, spelling))?,
                spelling: spelling.to_owned(),
                permissions: Permissions::Granted {
                    spelled_default: false,
                },
            },
        };
        Ok(Self {
            openid: true,
            profile: true,
            email: true,
            offline_access: true,
            resources: vec![wanted],
        })
    }

    /// The resource a token request gets: the first named, or Graph when none is.
    pub(crate) fn first(&self) -> Wanted {
        self.resources.first().cloned().unwrap_or_else(|| Wanted {
            resource: Resource::Graph,
            spelling: GRAPH_ID.to_owned(),
            permissions: Permissions::Named(Vec::new()),
        })
    }

    fn add(
        &mut self,
        resource: Resource,
        spelling: String,
        permission: Permission,
    ) -> Result<(), Refusal> {
        let known = self
            .resources
            .iter_mut()
            .find(|wanted| wanted.resource.id() == resource.id() && wanted.spelling == spelling);
        match (known.map(|wanted| &mut wanted.permissions), permission) {
            (None, permission) => {
                let permissions = match permission {
                    Permission::Default => Permissions::Granted {
                        spelled_default: true,
                    },
                    Permission::Bare => Permissions::Granted {
                        spelled_default: false,
                    },
                    Permission::Named(name) => Permissions::Named(vec![name]),
                };
                self.resources.push(Wanted {
                    resource,
                    spelling,
                    permissions,
                });
                Ok(())
            }
            (Some(Permissions::Named(names)), Permission::Named(name)) => {
                if !names.contains(&name) {
                    names.push(name);
                }
                Ok(())
            }
            (
                Some(Permissions::Granted {
                    spelled_default: true,
                }),
                Permission::Default,
            )
            | (
                Some(Permissions::Granted {
                    spelled_default: false,
                }),
                Permission::Bare,
            ) => Ok(()),
            (Some(_), _) => Err(Refusal::new(
                aadsts::SCOPE_INVALID,
                format!("{spelling}: .default beside named scopes"),
            )),
        }
    }
}

enum Permission {
    Default,
    Bare,
    Named(String),
}

/// Reads one scope that is not OpenID Connect's.
fn read_token(
    token: &str,
    directory: &Directory,
) -> Result<(Resource, String, Permission), Refusal> {
    if let Some(resource) = find(token, directory) {
        return Ok((resource, token.to_owned(), Permission::Bare));
    }
    let Some((resource_uri, name)) = token.rsplit_once('/') else {
        // Unqualified names are looked up at Graph, which is how `groups` earns its error.
        let name = graph_scope(token)
            .ok_or_else(|| Refusal::new(aadsts::SCOPE_UNKNOWN, format!("{token} at Graph")))?;
        return Ok((
            Resource::Graph,
            GRAPH_ID.to_owned(),
            Permission::Named(name),
        ));
    };
    // An App ID URI that ends in a slash needs a second one before the name: `…//.default`.
    let resource = find(resource_uri, directory)
        .ok_or_else(|| Refusal::new(aadsts::RESOURCE_NOT_FOUND, resource_uri))?;
    if name == ".default" {
        return Ok((resource, resource_uri.to_owned(), Permission::Default));
    }
    let name = match &resource {
        Resource::Graph => graph_scope(name),
        Resource::Api(app) => app
            .scopes
            .iter()
            .find(|known| known.eq_ignore_ascii_case(name))
            .cloned(),
        Resource::V1Userinfo => None,
    }
    .ok_or_else(|| Refusal::new(aadsts::SCOPE_UNKNOWN, token))?;
    Ok((resource, resource_uri.to_owned(), Permission::Named(name)))
}

fn graph_scope(name: &str) -> Option<String> {
    GRAPH_SCOPES
        .iter()
        .find(|known| known.eq_ignore_ascii_case(name))
        .map(|&known| known.to_owned())
}

fn find(identifier: &str, directory: &Directory) -> Option<Resource> {
    if identifier.trim_end_matches('/') == GRAPH_URI || identifier == GRAPH_ID {
        return Some(Resource::Graph);
    }
    directory
        .apps()
        .iter()
        .find(|app| app.is_named(identifier))
        .cloned()
        .map(Resource::Api)
}

#[cfg(test)]
mod tests;
