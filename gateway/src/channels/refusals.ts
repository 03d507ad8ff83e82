import { CommonwealError } from "@commonweal/sdk";

/** Why a voucher is not taken; programs may rely on these words. */
export type ChannelRefusalCode =
  | "usage_channel_payload_invalid"
  | "usage_channel_id_mismatch"
  | "usage_channel_model_mismatch"
  | "usage_channel_host_mismatch"
  | "usage_channel_currency_mismatch"
  | "usage_channel_host_part_too_low"
  | "usage_channel_notice_too_short"
  | "usage_channel_busy"
  | "usage_channel_calls_mismatch"
  | "usage_channel_amount_lowered"
  | "usage_channel_amount_too_low"
  | "usage_channel_signature_invalid"
  | "usage_channel_not_opened"
  | "usage_channel_notice_given"
  | "usage_channel_deposit_exceeded"
  | "usage_channel_deposit_too_small"
  | "usage_channel_deposit_failed"
  | "usage_channel_redemption_behind"
  | "usage_channel_not_taken"
  | "usage_channel_charge_too_high"
  | "usage_channel_store_failed"
  | "usage_channel_node_unavailable"
  | "usage_channel_stopping";

/** A voucher that is not taken, or not settled. The message says what to do. */
export class ChannelRefusal extends CommonwealError {
  constructor(
    readonly code: ChannelRefusalCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  toJSON(): { code: ChannelRefusalCode; message: string } {
    return { code: this.code, message: this.message };
  }
}
