//! Simulated bots under every kind of fault, from seeds.
#[test]
fn placeholder() {}
