//! Random numbers that can be had again.

use std::ops::{Range, RangeInclusive};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// A source of random numbers. A failed test can be run again with the same ones.
pub struct Random(StdRng);

impl Random {
    /// Takes the seed from `VITRINA_TEST_SEED`, or makes one, and prints it.
    pub fn new() -> Self {
        let given = std::env::var("VITRINA_TEST_SEED").ok();
        let seed = given.map_or_else(rand::random, |seed| seed.parse().expect("a number"));
        println!("VITRINA_TEST_SEED={seed}");
        Self(StdRng::seed_from_u64(seed))
    }

    /// Another source, for a task of its own.
    pub fn fork(&mut self) -> Self {
        Self(StdRng::seed_from_u64(self.0.random()))
    }

    pub fn number(&mut self, range: Range<u64>) -> u64 {
        self.0.random_range(range)
    }

    pub fn index(&mut self, range: RangeInclusive<usize>) -> usize {
        self.0.random_range(range)
    }

    pub fn chance(&mut self, probability: f64) -> bool {
        self.0.random_bool(probability)
    }
}
