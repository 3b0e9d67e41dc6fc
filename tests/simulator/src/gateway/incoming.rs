//! Payloads from clients: budgets first, then by opcode.
use super::Gateway;
use crate::edge::ConnectionId;
use crate::faults::Trouble;
use crate::rules::Rule;
use serde_json::Value;

impl Gateway {
    pub(super) fn take_in(&mut self, id: ConnectionId, payload: &[u8]) {
        self.fall_silent_in_time(id);
        if self
            .connections
            .get(&id)
            .is_none_or(|connection| connection.silent)
        {
            return;
        }
        if !self.within_budget(id, payload.len()) {
            return;
        }
        let parsed: Option<Value> = serde_json::from_slice(payload).ok();
        let op = parsed
            .as_ref()
            .and_then(|value| value.get("op"))
            .and_then(Value::as_u64);
        let (Some(value), Some(op)) = (parsed, op) else {
            let detail = format!("{} bytes that are no payload", payload.len());
            return self.punish(id, Rule::PayloadSyntax, detail, 4002);
        };
        self.route(id, op, value.get("d").unwrap_or(&Value::Null));
    }

    fn within_budget(&mut self, id: ConnectionId, size: usize) -> bool {
        let limits = &self.options.limits;
        let (span, most) = (limits.send_window, limits.sends);
        let Some(connection) = self.connections.get_mut(&id) else {
            return false;
        };
        if !connection.sends.admits(self.now, span, most) {
            let detail = format!("payload {} within {span} ms", most + 1);
            self.punish(id, Rule::SendBudget, detail, 4008);
            return false;
        }
        if size > self.options.limits.payload_bytes {
            self.punish(id, Rule::PayloadSize, format!("{size} bytes"), 4002);
            return false;
        }
        true
    }

    fn route(&mut self, id: ConnectionId, op: u64, d: &Value) {
        let session = self
            .connections
            .get(&id)
            .and_then(super::super::connection::Connection::session);
        match (op, session) {
            (1, _) => self.beat(id, d),
            (2, None) => self.identify(id, d),
            (6, None) => self.resume(id, d),
            (2 | 6, Some(_)) => {
                self.punish(id, Rule::SecondIdentify, format!("opcode {op} again"), 4005);
            }
            (_, None) => {
                self.punish(id, Rule::Authentication, format!("opcode {op} first"), 4003);
            }
            (3, Some(session)) => self.update_presence(id, session, d),
            (4, Some(session)) => self.update_voice(id, session, d),
            (8, Some(session)) => self.request_members(id, session, d),
            (12, Some(session)) if self.options.guild_sync => self.sync_guilds(id, session, d),
            (31, Some(session)) => self.request_sounds(id, session, d),
            (43, Some(session)) => self.request_channels(id, session, d),
            (_, Some(_)) => self.punish(id, Rule::Opcode, format!("opcode {op}"), 4001),
        }
    }

    /// Notes the broken rule and closes.
    pub(super) fn punish(
        &mut self,
        id: ConnectionId,
        rule: Rule,
        detail: impl Into<String>,
        code: u16,
    ) {
        self.blame(id, rule, detail);
        self.close(id, Some(code));
    }

    /// Lets the path of a connection die when a fault says so.
    pub(super) fn fall_silent_in_time(&mut self, id: ConnectionId) {
        let (now, shard) = (self.now, self.shard_on(id));
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        let fits = |trouble: &Trouble| match trouble {
            Trouble::SilentFrom { from } if *from <= now => Some(()),
            _ => None,
        };
        if !connection.silent && self.faults.strike(shard, fits).is_some() {
            connection.silent = true;
        }
    }
}
