# s3hls_unit_test(NAME FILE... ROOMS room...): a cmocka program over the rooms it names, label "unit".
function(s3hls_unit_test name)
  cmake_parse_arguments(T "" "" "ROOMS" ${ARGN})
  add_executable(unit_${name} ${T_UNPARSED_ARGUMENTS})
  if("s3" IN_LIST T_ROOMS)
    list(APPEND T_ROOMS s3_endpoint)
  endif()
  foreach(room ${T_ROOMS})
    target_sources(unit_${name} PRIVATE $<TARGET_OBJECTS:room_${room}>)
  endforeach()
  target_include_directories(unit_${name} PRIVATE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src
                             ${PROJECT_SOURCE_DIR}/tests/support)
  target_link_libraries(unit_${name} PRIVATE PkgConfig::CMOCKA PkgConfig::CURL PkgConfig::CRYPTO
                        PkgConfig::EXPAT PkgConfig::JANSSON Threads::Threads)
  add_test(NAME unit.${name} COMMAND unit_${name})
  set_tests_properties(unit.${name} PROPERTIES LABELS unit TIMEOUT 180)
endfunction()

# s3hls_fuzz_target(NAME FILE... ROOMS room...): a libFuzzer program; its corpus is tests/fuzz/corpus/NAME.
function(s3hls_fuzz_target name)
  cmake_parse_arguments(T "" "" "ROOMS" ${ARGN})
  add_executable(fuzz_${name} ${T_UNPARSED_ARGUMENTS})
  if("s3" IN_LIST T_ROOMS)
    list(APPEND T_ROOMS s3_endpoint)
  endif()
  foreach(room ${T_ROOMS})
    target_sources(fuzz_${name} PRIVATE $<TARGET_OBJECTS:room_${room}>)
  endforeach()
  target_include_directories(fuzz_${name} PRIVATE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
  target_compile_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  target_link_libraries(fuzz_${name} PRIVATE PkgConfig::CURL PkgConfig::CRYPTO PkgConfig::EXPAT
                        PkgConfig::JANSSON Threads::Threads)
endfunction()
