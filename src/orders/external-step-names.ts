// The names by which mappings ask for an outside step (`port:`).

export const EXTERNAL_STEPS = ['lab-order', 'physician'] as const;
