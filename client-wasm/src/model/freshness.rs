//! How fresh the list is that the page shows. Times are in milliseconds since 1970.

/// Failed attempts after which the page calls itself offline.
const OFFLINE_AFTER: u32 = 3;

/// What the connection is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Phase {
    /// It is being made for the first time.
    #[default]
    Connecting,
    /// The list comes.
    Loading {
        /// How much of it has come.
        percent: u32,
    },
    /// The list is there; whether it is the newest is not known yet.
    CatchingUp,
    /// The page shows what the server has.
    Live,
    /// It was lost a moment ago.
    Reconnecting,
    /// It was lost, and several attempts have failed, or there is no network.
    Offline,
}

/// What is known about the freshness of the list.
#[derive(Debug)]
pub struct Freshness {
    /// What the connection is doing.
    pub phase: Phase,
    /// When the page was last in step, in milliseconds since 1970.
    last_in_step: Option<f64>,
    failures: u32,
    /// Whether the browser has a network.
    has_network: bool,
    /// How many clients are connected.
    pub viewers: usize,
    /// Whether the server could save changes when it last said so.
    pub is_writable: bool,
    /// How many commands have no answer.
    pub waiting: usize,
}

impl Default for Freshness {
    fn default() -> Self {
        Self {
            phase: Phase::default(),
            last_in_step: None,
            failures: 0,
            has_network: true,
            viewers: 0,
            is_writable: true,
            waiting: 0,
        }
    }
}

impl Freshness {
    /// Whether the browser has a network.
    pub fn has_network(&self) -> bool {
        self.has_network
    }

    /// The browser has a network now, or has none: then nothing can be live, whatever the socket says.
    pub fn set_network(&mut self, has_network: bool, now: f64) {
        if self.is_live() {
            self.last_in_step = Some(now);
        }
        self.has_network = has_network;
        if !has_network {
            self.phase = Phase::Offline;
        }
    }

    /// Whether the page shows what the server has.
    pub fn is_live(&self) -> bool {
        self.phase == Phase::Live
    }

    /// Whether it ever did.
    pub fn was_live(&self) -> bool {
        self.last_in_step.is_some()
    }

    /// A connection is being made.
    pub fn connecting(&mut self) {
        self.phase = match self.last_in_step {
            _ if !self.has_network => Phase::Offline,
            Some(_) if self.failures >= OFFLINE_AFTER => Phase::Offline,
            Some(_) => Phase::Reconnecting,
            None if self.failures > 0 => Phase::Offline,
            None => Phase::Connecting,
        };
    }

    /// The connection was lost at this time, after this many failed attempts in a row.
    pub fn lost(&mut self, failures: u32, now: f64) {
        if self.is_live() {
            self.last_in_step = Some(now);
        }
        self.failures = failures;
        self.connecting();
    }

    /// A part of the list came.
    pub fn loading(&mut self, part: u32, parts: u32) {
        let percent = part * 100 / parts.max(1);
        self.phase = Phase::Loading { percent };
    }

    /// The list is there; whether it is the newest is not known yet.
    pub fn catching_up(&mut self) {
        self.phase = Phase::CatchingUp;
    }

    /// The page shows what the server has, at this time.
    pub fn live(&mut self, now: f64) {
        // Something came: there is a network, whatever was said.
        self.has_network = true;
        self.phase = Phase::Live;
        self.failures = 0;
        self.last_in_step = Some(now);
    }

    /// How many seconds before `now` the page was last in step.
    pub fn seconds_out_of_step(&self, now: f64) -> Option<u64> {
        let milliseconds = (now - self.last_in_step?).max(0.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "not negative, and centuries fit"
        )]
        Some((milliseconds / 1000.0) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_live_until_its_connection_is_lost_and_offline_after_a_while() {
        let mut freshness = Freshness::default();
        assert_eq!(freshness.phase, Phase::Connecting);
        assert!(!freshness.was_live());
        freshness.loading(1, 4);
        assert_eq!(freshness.phase, Phase::Loading { percent: 25 });
        freshness.catching_up();
        assert!(!freshness.is_live());
        freshness.live(1_000.0);
        assert!(freshness.is_live() && freshness.was_live());
        freshness.lost(0, 5_000.0);
        assert_eq!(freshness.phase, Phase::Reconnecting);
        assert_eq!(freshness.seconds_out_of_step(7_500.0), Some(2));
        assert_eq!(freshness.seconds_out_of_step(0.0), Some(0));
        // Lost again before it was live: the time stays.
        freshness.lost(3, 9_000.0);
        assert_eq!(freshness.phase, Phase::Offline);
        assert_eq!(freshness.seconds_out_of_step(9_000.0), Some(4));
        freshness.live(10_000.0);
        freshness.lost(1, 10_000.0);
        assert_eq!(freshness.phase, Phase::Reconnecting);
    }

    #[test]
    fn without_a_network_nothing_is_live() {
        let mut freshness = Freshness::default();
        freshness.live(1_000.0);
        freshness.set_network(false, 3_000.0);
        assert_eq!(freshness.phase, Phase::Offline);
        assert_eq!(freshness.seconds_out_of_step(5_000.0), Some(2));
        freshness.connecting();
        assert_eq!(freshness.phase, Phase::Offline);
        freshness.set_network(true, 6_000.0);
        freshness.connecting();
        assert_eq!(freshness.phase, Phase::Reconnecting);
    }

    #[test]
    fn a_page_that_was_never_live_is_offline_at_the_first_failure() {
        let mut freshness = Freshness::default();
        freshness.lost(1, 0.0);
        assert_eq!(freshness.phase, Phase::Offline);
        assert_eq!(freshness.seconds_out_of_step(1_000.0), None);
    }
}
