SELECT id, category, status, close_reason AS reason, satisfaction AS stars, reopen_count AS again,
  round(epoch(resolved_at - received_at) / 3600 - coalesce(hold_minutes, 0) / 60, 2) AS hours,
  round(work_hours(received_at, resolved_at) - coalesce(hold_work_minutes, 0) / 60, 2) AS working,
  round(work_hours(received_at, due_at) - coalesce(hold_work_minutes, 0) / 60, 2) AS allowed,
  round(epoch(first_response_at - received_at) / 3600, 2) AS answered_h,
  round(work_hours(received_at, first_response_at), 2) AS answered_wh,
  round(work_hours(received_at, recorded_at), 2) AS lag_wh
FROM exceptions WHERE customer_name LIKE '慢半拍%' OR customer_name = '苏晚晴' ORDER BY id
