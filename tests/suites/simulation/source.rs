//! The same generator on bytes, as the fuzzer and the properties drive it.
use headcount_sim::simulation::check_bytes;

#[test]
fn no_bytes_are_a_quiet_run() {
    let tally = check_bytes(&[]).unwrap();
    assert!(tally.faults.is_empty(), "{:?}", tally.faults);
    assert!(
        tally
            .marks
            .contains_key("session: Identifying -> Active, Ready")
    );
}

#[test]
fn any_bytes_are_a_scenario() {
    let mut steps = 0;
    for length in 0..40_u64 {
        let mut state = length.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let bytes: Vec<u8> = (0..length * 60)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                (state >> 33) as u8
            })
            .collect();
        match check_bytes(&bytes) {
            Ok(tally) => steps += tally.steps,
            Err(failed) => panic!("{length}: {failed}"),
        }
    }
    assert!(steps > 2_000, "{steps}");
}
