//! What anybody may do who says nothing of who they are.

use std::net::IpAddr;

use shared::Role;

/// Who may do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Openness {
    /// Whoever reaches the address.
    Open,
    /// People who sign in, and programs with a token.
    People,
}

/// What anybody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    viewing: Openness,
    editing: Openness,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            viewing: Openness::Open,
            editing: Openness::Open,
        }
    }
}

impl Policy {
    /// The policy at an address, of what was said and whether there is anybody who could sign in. On the
    /// machine itself everything is open unless it is said otherwise. At any other address nobody has said
    /// that everybody may change the list as long as nobody says so.
    pub fn new(
        address: IpAddr,
        viewing: Option<Openness>,
        editing: Option<Openness>,
        has_people: bool,
    ) -> anyhow::Result<Self> {
        let is_loopback = address.to_canonical().is_loopback();
        let editing = match editing {
            Some(editing) => editing,
            None if is_loopback => Openness::Open,
            None if has_people => Openness::People,
            None => anyhow::bail!(
                "whoever reaches {address} could change the list. Make a first person, who then lets \
                 in others: `vitrina people add NAME --role admin`; or begin without one with \
                 --editing people and follow the link that is printed; or say that anybody may: \
                 --editing open"
            ),
        };
        // Where only people may change the list, it is theirs to say that others may see it.
        let viewing = viewing.unwrap_or(if is_loopback { Openness::Open } else { editing });
        if (viewing, editing) == (Openness::People, Openness::Open) {
            anyhow::bail!(
                "who may not see the list can't change it: say --editing people, or --viewing open"
            );
        }
        Ok(Self { viewing, editing })
    }

    /// What anybody may do.
    pub fn role_of_anyone(self) -> Option<Role> {
        match (self.viewing, self.editing) {
            (_, Openness::Open) => Some(Role::Editor),
            (Openness::Open, Openness::People) => Some(Role::Viewer),
            (Openness::People, Openness::People) => None,
        }
    }

    /// Whether there is something that only people may do who sign in.
    pub fn needs_people(self) -> bool {
        self != Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_can_change_an_open_list_that_nobody_said_is_open() {
        use Openness::{Open, People};
        let home = IpAddr::from([127, 0, 0, 1]);
        let world = IpAddr::from([0, 0, 0, 0]);
        let role = |address, viewing, editing, has_people| {
            let policy = Policy::new(address, viewing, editing, has_people);
            policy
                .map(Policy::role_of_anyone)
                .map_err(|error| error.to_string())
        };
        assert_eq!(role(home, None, None, false), Ok(Some(Role::Editor)));
        assert_eq!(role(home, None, None, true), Ok(Some(Role::Editor)));
        assert_eq!(role(home, None, Some(People), true), Ok(Some(Role::Viewer)));
        assert_eq!(role(home, Some(People), Some(People), true), Ok(None));
        assert_eq!(role(world, None, Some(Open), false), Ok(Some(Role::Editor)));
        assert_eq!(role(world, None, None, true), Ok(None));
        assert_eq!(role(world, Some(Open), None, true), Ok(Some(Role::Viewer)));
        assert_eq!(role(world, None, Some(People), false), Ok(None));
        let refused = role(world, None, None, false).expect_err("it would be open");
        for way in ["people add", "--editing open", "--editing people"] {
            assert!(refused.contains(way), "{refused}");
        }
        assert!(role(home, Some(People), None, true).is_err());
        let mapped = "::ffff:127.0.0.1".parse().expect("an address");
        assert_eq!(role(mapped, None, None, false), Ok(Some(Role::Editor)));
    }
}
