//! Rows that go together.

use headcount_core::cache::{Key, Op};
use headcount_core::wire::Name;
use serde_json::json;

use crate::world::{World, channel, user};

#[test]
fn all_who_leave_a_thread_by_one_dispatch_go_by_one_key() {
    let mut world = World::new();
    let ids: Vec<String> = [7, 3, 5].map(|id: u64| id.to_string()).into();
    let data = json!({"id": "500", "guild_id": "1", "removed_member_ids": ids});
    let text = data.to_string();
    let view = world.deriver.decode(Name::ThreadMembersUpdate, &text);
    let mutation = world.deriver.derive(view.unwrap().unwrap());
    let keys = mutation.ops().filter_map(|op| match op {
        Op::Remove(key) => Some(key.clone()),
        _ => None,
    });
    let all = Key::ThreadMembers(channel(500), [7, 3, 5].map(user).into());
    assert_eq!(keys.collect::<Vec<_>>(), [all]);
}
