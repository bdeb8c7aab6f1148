//! Asks once more when somebody is refused: for groups that are not known, since Graph may answer by now or
//! the configuration need others than before; and for everything that rules go by, if that is old.

use std::sync::Arc;
use std::time::Duration;

use vestibule_gate::authorize::NotAuthorized;
use vestibule_gate::claims::Claims;
use vestibule_gate::evidence::Evidence;
use vestibule_gate::rule::Reason;
use vestibule_oidc::time::UnixTime;
use vestibule_session::handle::StoreKey;
use vestibule_session::record::Groups;
use vestibule_session::store::Stored;

use super::Need;
use crate::plan::Plan;
use crate::provider::Provider;
use crate::shared::Shared;
use crate::tokens;

/// A session is not refreshed for its groups alone more often than this.
const AGAIN_AFTER: Duration = Duration::from_secs(30);

/// The session after a refresh that asked again, if there was one to make.
pub(crate) async fn asked_again(
    shared: &Arc<Shared>,
    plan: &Plan,
    why: &NotAuthorized,
    evidence: &Evidence,
    key: Option<StoreKey>,
    now: UnixTime,
) -> Option<Evidence> {
    let (Evidence::Session(stored), Some(key)) = (evidence, key) else {
        return None;
    };
    let provider = plan.provider(stored.record().provider())?;
    let for_groups = why.judgement.decisive().reason == Reason::GroupsOverage;
    if for_groups && are_due(plan, provider, stored, now) {
        let refreshed = tokens::refresh_sign_in(shared, provider, stored, key, now).await;
        return Some(Evidence::Session(refreshed.ok()?));
    }
    let asked = tokens::ask_anew(shared, plan, stored, key, now, false).await;
    Some(Evidence::Session(asked.ok()??))
}

/// Whether a refresh may find out what is not known of this person's groups.
pub(crate) fn are_due(plan: &Plan, provider: &Provider, stored: &Stored, now: UnixTime) -> bool {
    let record = stored.record();
    record.refresh_token().is_some()
        && now >= record.refreshed_at() + AGAIN_AFTER
        && Claims::of(stored).groups_overage()
        && !Need::of(plan, provider).is_met_by(record.groups())
}

impl Need {
    fn is_met_by(&self, groups: Option<&Groups>) -> bool {
        match (self, groups) {
            (Self::Nothing, _) => true,
            (_, None) => false,
            (Self::All, Some(groups)) => groups.list().is_some(),
            (Self::Which(named), Some(groups)) => {
                named.iter().all(|group| groups.has(group).is_some())
            }
        }
    }
}
