export const GiftPage = () => null;
