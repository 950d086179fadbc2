// One name in three places: what synchronous_standby_names calls the receiver, what it calls itself, and the slot that it reads from.

export const receiverName = 'hale_backup';
