//! People, and a person as one tenant sees them.

use std::sync::Arc;

use crate::{
    directory::{App, PERSONAL_TENANT, Tenant, TenantPath},
    guid::Guid,
    settings::{Accounts, PersonSettings},
};

/// One person.
#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) account: String,
    pub(crate) name: String,
    pub(crate) username: String,
    pub(crate) email: Option<String>,
    pub(crate) home: Guid,
    pub(crate) guest_in: Vec<Guid>,
    pub(crate) groups: Vec<Guid>,
    pub(crate) roles: Vec<String>,
    pub(crate) admin: bool,
    pub(crate) disabled: bool,
    pub(crate) note: String,
}

/// How a person stands to the tenant that signs them in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Lives in it.
    Member,
    /// Invited, from another company or with a personal account.
    Guest,
    /// A personal account in the tenant of personal accounts.
    Personal,
}

/// A person as one tenant sees them.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) person: Arc<Person>,
    pub(crate) tenant: Guid,
    pub(crate) oid: Guid,
    pub(crate) standing: Standing,
}

impl Person {
    pub(super) fn new(text: &PersonSettings, home: &Guid) -> Result<Self, String> {
        let account = &text.account;
        let is_short_name = !account.is_empty()
            && account.len() <= 64
            && account != "new"
            && account
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if !is_short_name {
            return Err(format!(
                "account `{account}` is not a short name of letters, digits, `-` and `_` (and not \
                 `new`)"
            ));
        }
        let home = if text.personal {
            Guid::parse(PERSONAL_TENANT).map_err(|error| error.to_string())?
        } else {
            text.tenant.clone().unwrap_or_else(|| home.clone())
        };
        let mut groups = text.groups.clone();
        groups.extend(
            (0..text.group_count).map(|n| Guid::derived(&["group", account, &n.to_string()])),
        );
        Ok(Self {
            account: account.clone(),
            name: text.name.clone(),
            username: text.username.clone(),
            email: text.email.clone(),
            home,
            guest_in: text.guest_in.clone(),
            groups,
            roles: text.roles.clone(),
            admin: text.admin,
            disabled: text.disabled,
            note: text.note.clone(),
        })
    }

    /// Whether this is a personal account.
    pub(crate) fn is_personal(&self) -> bool {
        self.home.as_str() == PERSONAL_TENANT
    }

    /// The two letters on the account picker.
    pub(crate) fn initials(&self) -> String {
        let mut words = self
            .name
            .split_whitespace()
            .filter_map(|word| word.chars().next());
        let first = words.next();
        first
            .into_iter()
            .chain(words.next_back())
            .flat_map(char::to_uppercase)
            .collect()
    }

    fn matches_hint(&self, hint: &str) -> bool {
        self.username.eq_ignore_ascii_case(hint)
            || self.account == hint
            || self
                .email
                .as_deref()
                .is_some_and(|email| email.eq_ignore_ascii_case(hint))
    }
}

impl Account {
    /// The person as the tenant of this path sees them, or `None` when they may not sign in there.
    ///
    /// A guest is seen only through the path of the tenant that invited them; `common` and
    /// `organizations` sign a person in at home.
    pub(crate) fn through(path: &TenantPath, person: Arc<Person>) -> Option<Self> {
        let tenant = match path {
            TenantPath::Common => person.home.clone(),
            TenantPath::Organizations if !person.is_personal() => person.home.clone(),
            TenantPath::Consumers if person.is_personal() => person.home.clone(),
            TenantPath::Organizations | TenantPath::Consumers => return None,
            TenantPath::One(id) => id.clone(),
        };
        let standing = if tenant == person.home {
            if person.is_personal() {
                Standing::Personal
            } else {
                Standing::Member
            }
        } else if person.guest_in.contains(&tenant) {
            Standing::Guest
        } else {
            return None;
        };
        let derived = Guid::derived(&["person", tenant.as_str(), &person.account]);
        // The object id of a personal account has its first half zero.
        let oid = if standing == Standing::Personal {
            let tail = derived.as_str().get(19..).unwrap_or_default();
            Guid::parse(&format!("00000000-0000-0000-{tail}")).unwrap_or(derived)
        } else {
            derived
        };
        Some(Self {
            person,
            tenant,
            oid,
            standing,
        })
    }

    /// Whether the registration lets this account sign in at all (`signInAudience`).
    pub(crate) fn may_use(&self, app: &App) -> bool {
        match app.accounts {
            Accounts::SingleTenant => self.tenant == app.tenant,
            Accounts::Organizations => self.standing != Standing::Personal,
            Accounts::OrganizationsAndPersonal => true,
        }
    }

    /// Whether the person has been assigned, where that is required.
    pub(crate) fn is_assigned_to(&self, app: &App) -> bool {
        app.assigned
            .as_ref()
            .is_none_or(|assigned| assigned.contains(&self.person.account))
    }

    /// The pairwise subject: another for each app that receives it.
    pub(crate) fn subject_for(&self, app: &App) -> String {
        use aws_lc_rs::digest::{SHA256, digest};
        use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
        let words = [
            self.tenant.as_str(),
            self.oid.as_str(),
            app.client_id.as_str(),
        ]
        .join("|");
        URL_SAFE_NO_PAD.encode(digest(&SHA256, words.as_bytes()))
    }

    /// The opaque value of the `login_hint` claim.
    pub(crate) fn login_hint(&self) -> String {
        let words = Guid::derived(&["login_hint", self.tenant.as_str(), self.oid.as_str()]);
        format!("O.{}", words.as_str().replace('-', ""))
    }

    /// Whether a `login_hint` or `logout_hint` means this account.
    pub(crate) fn is_meant_by(&self, hint: &str) -> bool {
        self.login_hint() == hint || self.person.matches_hint(hint)
    }

    /// The `upn`: members only. Entra gives a guest's only on a further setting of the claim.
    pub(crate) fn upn(&self) -> Option<&str> {
        (self.standing == Standing::Member).then_some(self.person.username.as_str())
    }
}

/// What the form "somebody else" on the account picker says.
#[derive(Debug, Default)]
pub(crate) struct NewPerson {
    pub(crate) name: String,
    pub(crate) username: String,
    pub(crate) personal: bool,
    pub(crate) guest: bool,
    pub(crate) group_count: String,
    pub(crate) roles: String,
}

impl NewPerson {
    pub(super) fn into_person(self, home: &Tenant, number: usize) -> Result<Person, String> {
        let name = self.name.trim();
        if name.is_empty() || name.chars().count() > 100 || name.contains(char::is_control) {
            return Err("Give the person a name of up to 100 characters.".to_owned());
        }
        let account = format!("made-{number}");
        let username = match self.username.trim() {
            "" => {
                let domain = if self.personal {
                    "outlook.localhost"
                } else {
                    home.domain.as_str()
                };
                format!("{account}@{domain}")
            }
            given
                if given.len() <= 200 && !given.contains(|c: char| c.is_control() || c == ' ') =>
            {
                given.to_owned()
            }
            _ => {
                return Err(
                    "A user name has no blanks, for example ada@contoso.localhost.".to_owned(),
                );
            }
        };
        let group_count: u16 = match self.group_count.trim() {
            "" => 0,
            digits => digits
                .parse()
                .ok()
                .filter(|count| *count <= 1_000)
                .ok_or("The number of groups is from 0 to 1000.")?,
        };
        let roles = self
            .roles
            .split_whitespace()
            .take(20)
            .map(str::to_owned)
            .collect();
        let elsewhere = self.personal || self.guest;
        Person::new(
            &PersonSettings {
                account: account.clone(),
                name: name.to_owned(),
                email: Some(username.clone()),
                username,
                // A guest made here lives in a company nobody else is in.
                tenant: self.guest.then(|| Guid::derived(&["tenant", &account])),
                personal: self.personal,
                guest_in: if elsewhere {
                    vec![home.id.clone()]
                } else {
                    Vec::new()
                },
                groups: Vec::new(),
                group_count,
                roles,
                admin: false,
                disabled: false,
                note: "Made on this page.".to_owned(),
            },
            &home.id,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{directory::Directory, settings::IdpSettings};

    fn through(path: &TenantPath, account: &str) -> Option<Account> {
        let directory = Directory::new(&IdpSettings::built_in()).unwrap();
        Account::through(path, directory.person(account).unwrap())
    }

    #[test]
    fn each_path_admits_the_accounts_it_admits_at_entra() {
        let directory = Directory::new(&IdpSettings::built_in()).unwrap();
        let home = TenantPath::One(directory.home().unwrap().id.clone());
        for (path, account, standing) in [
            (&home, "ada", Some(Standing::Member)),
            (&home, "gus", Some(Standing::Guest)),
            (&home, "pia", Some(Standing::Guest)),
            (&TenantPath::Common, "gus", Some(Standing::Member)),
            (&TenantPath::Common, "pia", Some(Standing::Personal)),
            (&TenantPath::Organizations, "pia", None),
            (&TenantPath::Consumers, "ada", None),
            (&TenantPath::Consumers, "pia", Some(Standing::Personal)),
        ] {
            assert_eq!(
                through(path, account).map(|account| account.standing),
                standing,
                "{path:?} {account}"
            );
        }
    }

    #[test]
    fn an_object_id_belongs_to_a_person_in_a_tenant_and_a_subject_also_to_an_app() {
        let directory = Directory::new(&IdpSettings::built_in()).unwrap();
        let home = TenantPath::One(directory.home().unwrap().id.clone());
        let guest = through(&home, "gus").unwrap();
        let member = through(&TenantPath::Common, "gus").unwrap();
        assert_ne!(guest.oid, member.oid);
        let apps = directory.apps();
        assert_ne!(member.subject_for(&apps[0]), member.subject_for(&apps[2]));
        assert_eq!(member.subject_for(&apps[0]), member.subject_for(&apps[0]));
    }

    #[test]
    fn a_guest_has_no_upn() {
        let directory = Directory::new(&IdpSettings::built_in()).unwrap();
        let home = TenantPath::One(directory.home().unwrap().id.clone());
        assert_eq!(through(&home, "gus").unwrap().upn(), None);
        assert_eq!(
            through(&home, "ada").unwrap().upn(),
            Some("ada@contoso.localhost")
        );
        assert_eq!(through(&TenantPath::Consumers, "pia").unwrap().upn(), None);
    }

    #[test]
    fn the_form_makes_a_person_or_says_what_is_wrong() {
        let directory = Directory::new(&IdpSettings::built_in()).unwrap();
        let made = directory
            .add(NewPerson {
                name: "Zed".into(),
                group_count: "201".into(),
                ..NewPerson::default()
            })
            .unwrap();
        assert_eq!(made.groups.len(), 201);
        assert!(directory.person(&made.account).is_some());
        for bad in [
            NewPerson::default(),
            NewPerson {
                name: "Z".into(),
                username: "a b".into(),
                ..NewPerson::default()
            },
            NewPerson {
                name: "Z".into(),
                group_count: "1001".into(),
                ..NewPerson::default()
            },
        ] {
            assert!(directory.add(bad).is_err());
        }
    }
}
